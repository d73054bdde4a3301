"""Codes of the language varieties of FLORES-200, and the codes that studies use for them.

A study names a variety as the other tasks do, by ISO 639-1 or, without a code there, by three
letters (``de``, ``luo``). It keeps the code of FLORES-200, language and script, if no other task
has it (``kmb_Latn``) or if the short code does not tell which variety is meant: Chinese
(``zho_Hans``, ``zho_Hant``) and Kashmiri have two scripts. Text in a script that is not the usual
one of its language has the code with script: ``arb_Latn`` and ``hin_Latn`` are romanised, ``ar``
and ``hi`` are not.

Source: Costa-jussà et al. 2022, No Language Left Behind (arXiv 2207.04672), table 1; the 205
varieties are those of SIB-200 (dadelani/sib-200 @ 593cea8), the romanised ones Belebele's.
"""

from __future__ import annotations

_SHORT = """
af:afr_Latn ak:aka_Latn am:amh_Ethi ar:arb_Arab as:asm_Beng ay:ayr_Latn az:azj_Latn ba:bak_Cyrl
be:bel_Cyrl bg:bul_Cyrl bm:bam_Latn bn:ben_Beng bo:bod_Tibt bs:bos_Latn ca:cat_Latn cs:ces_Latn
cy:cym_Latn da:dan_Latn de:deu_Latn dz:dzo_Tibt ee:ewe_Latn el:ell_Grek en:eng_Latn eo:epo_Latn
es:spa_Latn et:est_Latn eu:eus_Latn fa:pes_Arab fi:fin_Latn fj:fij_Latn fo:fao_Latn fon:fon_Latn
fr:fra_Latn ga:gle_Latn gd:gla_Latn gl:glg_Latn gn:grn_Latn gu:guj_Gujr ha:hau_Latn he:heb_Hebr
hi:hin_Deva hr:hrv_Latn ht:hat_Latn hu:hun_Latn hy:hye_Armn id:ind_Latn ig:ibo_Latn is:isl_Latn
it:ita_Latn ja:jpn_Jpan jv:jav_Latn ka:kat_Geor kg:kon_Latn ki:kik_Latn kk:kaz_Cyrl km:khm_Khmr
kn:kan_Knda ko:kor_Hang ky:kir_Cyrl lb:ltz_Latn lg:lug_Latn li:lim_Latn ln:lin_Latn lo:lao_Laoo
lt:lit_Latn luo:luo_Latn lv:lvs_Latn mg:plt_Latn mi:mri_Latn mk:mkd_Cyrl ml:mal_Mlym mn:khk_Cyrl
mos:mos_Latn mr:mar_Deva ms:zsm_Latn mt:mlt_Latn my:mya_Mymr nb:nob_Latn ne:npi_Deva nl:nld_Latn
nn:nno_Latn ny:nya_Latn oc:oci_Latn om:gaz_Latn or:ory_Orya pa:pan_Guru pl:pol_Latn ps:pbt_Arab
pt:por_Latn quy:quy_Latn rn:run_Latn ro:ron_Latn ru:rus_Cyrl rw:kin_Latn sa:san_Deva sc:srd_Latn
sd:snd_Arab sg:sag_Latn si:sin_Sinh sk:slk_Latn sl:slv_Latn sm:smo_Latn sn:sna_Latn so:som_Latn
sq:als_Latn sr:srp_Cyrl ss:ssw_Latn st:sot_Latn su:sun_Latn sv:swe_Latn sw:swh_Latn ta:tam_Taml
te:tel_Telu tg:tgk_Cyrl th:tha_Thai ti:tir_Ethi tk:tuk_Latn tl:tgl_Latn tn:tsn_Latn tr:tur_Latn
ts:tso_Latn tt:tat_Cyrl tw:twi_Latn ug:uig_Arab uk:ukr_Cyrl ur:urd_Arab uz:uzn_Latn vi:vie_Latn
wo:wol_Latn xh:xho_Latn yi:ydd_Hebr yo:yor_Latn zu:zul_Latn
"""
_WITH_SCRIPT = """
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab ajp_Arab apc_Arab arb_Latn ars_Arab ary_Arab
arz_Arab ast_Latn awa_Deva azb_Arab ban_Latn bem_Latn bho_Deva bjn_Arab bjn_Latn bug_Latn
ceb_Latn cjk_Latn ckb_Arab crh_Latn dik_Latn dyu_Latn fur_Latn fuv_Latn hne_Deva ilo_Latn
kab_Latn kac_Latn kam_Latn kas_Arab kas_Deva kbp_Latn kea_Latn kmb_Latn kmr_Latn knc_Arab
knc_Latn lij_Latn lmo_Latn ltg_Latn lua_Latn lus_Latn mag_Deva mai_Deva min_Arab min_Latn
mni_Beng nqo_Nkoo nso_Latn nus_Latn pag_Latn pap_Latn prs_Arab sat_Olck scn_Latn shn_Mymr
szl_Latn taq_Latn taq_Tfng tpi_Latn tum_Latn tzm_Tfng umb_Latn vec_Latn war_Latn yue_Hant
zho_Hans zho_Hant
"""
_ROMANISED = "ben_Latn hin_Latn npi_Latn sin_Latn urd_Latn"

FLORES: dict[str, str] = {
    **dict(pair.split(":") for pair in _SHORT.split()),
    **{name: name for name in f"{_WITH_SCRIPT} {_ROMANISED}".split()},
}
"""A study's code of a language variety to that of FLORES-200."""

VARIETIES: tuple[str, ...] = tuple(sorted({*FLORES} - {*_ROMANISED.split()}))
"""Study codes of FLORES-200's 205 varieties."""

BELEBELE: tuple[str, ...] = tuple(
    """
acm_Arab af am apc_Arab ar arb_Latn ars_Arab ary_Arab arz_Arab as az ben_Latn bg bm bn bo ca
ceb_Latn ckb_Arab cs da de el en es et eu fa fi fr fuv_Latn gn gu ha he hi hin_Latn hr ht hu hy id
ig ilo_Latn is it ja jv ka kac_Latn kea_Latn kk km kn ko ky lg ln lo lt luo lv mg mi mk ml mn mr ms
mt my nb ne nl npi_Latn nso_Latn ny om or pa pl ps pt ro ru rw sd shn_Mymr si sin_Latn sk sl sn so
sq sr ss st su sv sw ta te tg th ti tl tn tr ts uk ur urd_Latn uz vi war_Latn wo xh yo zho_Hans
zho_Hant zu
""".split()
)
"""Study codes of Belebele's 122 varieties (facebookresearch/belebele, README)."""

_STUDY_CODES = {name: code for code, name in FLORES.items()}


def variety_code(name: str) -> str:
    """Return a study's code for a name of FLORES-200; any other name is returned unchanged."""
    return _STUDY_CODES.get(name, name)
