"""Texts in over 20 scripts for which two versions of a tokenizer must give the same ids.

Without characters that SentencePiece composes from several marks or jamo, which are rare: the
library ``tokenizers`` composes them only if nothing else is in their grapheme, in the
tokenizer.json of published models, too.
"""

TEXTS: tuple[str, ...] = (
    # white space, compatibility characters, combining marks, invisible characters
    "Hello,  world!",
    "  leading and trailing  ",
    "tab\tnew\nline\r\nend",
    "\ufb01nancial \ufb00 \u2163 \u338f \u2122 \u00bd \u2460",
    "\uff26\uff35\uff2c\uff2c\u3000\uff57\uff49\uff44\uff54\uff48 \uff11\uff12\uff13",
    "e\u0301te\u0301 \u00e9t\u00e9 A\u030a \u212b",
    "soft\u00adhyphen zero\u200bwidth \u200djoin\ufeffbom",
    "\u201cquotes\u201d \u2018single\u2019 \u2014 dash\u2026 \u00abguillemets\u00bb",
    "nbsp\u00a0x x\u00b2+y\u00b3=z\u2084 10,000.50 \u20ac",
    # scripts
    "\u0e19\u0e49\u0e33 \u0e01\u0e33\u0e25\u0e31\u0e07 ภาษาไทยเขียนติดกัน",
    "ກຳລັງ ພາສາລາວ",
    "မြန်မာဘာသာ",
    "ភាសាខ្មែរ",
    "བོད་ཡིག",
    "हिन्दी क्षत्रिय ज्ञान क़लम",
    "বাংলা ভাষা",
    "தமிழ் மொழி",
    "తెలుగు భాష",
    "ಕನ್ನಡ",
    "മലയാളം",
    "ગુજરાતી",
    "ਪੰਜਾਬੀ",
    "සිංහල",
    "العربية لا إله \ufdfa \ufefb كتاب\u0640\u0640\u0640ة",
    "اردو زبان ہے",
    "עִבְרִית שלום",
    "አማርኛ ቋንቋ ፡ ነው።",
    "ქართული ენა",
    "Հայերեն",
    "Русский ёжик и\u0306",
    "Ελληνικά ΐ ς",
    "日本語のテキスト。カタカナ \uff76\uff80\uff76\uff85 漢字",
    "中文，简体字。",
    "繁體中文",
    "한국어 문장",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "Tiếng Việt điều đó",
    "Türkçe \u0130stanbul \u0131",
    "emoji 👩\u200d👩\u200d👧 🇩🇪 \u2764\ufe0f",
    "𝔘𝔫𝔦 𐌰𐌱 \U00020bb7野家",
)
