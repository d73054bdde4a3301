// Draw each figure when it comes into view, in the reader's light or dark theme.
"use strict";
const data = (id) => JSON.parse(document.getElementById(id).textContent);
const themes = data("themes");
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Set();
const state = document.documentElement.dataset;
state.errors = 0;
state.figures = 0;
addEventListener("error", () => state.errors++);

async function draw(element) {
  drawn.add(element);
  try {
    const config = dark.matches ? themes.dark : themes.light;
    const options = { mode: "vega-lite", renderer: "svg", actions: false, config };
    await vegaEmbed(element, data(element.dataset.spec), options);
    fit(element.querySelector("svg"));
    state.figures++;
  } catch (error) {
    state.errors++;
    element.textContent = "This figure cannot be drawn: " + error;
  }
  state.ready ??= Math.round(performance.now());
}

// Scale a figure to the width of the page: at most twice its size, and never too small to read.
function fit(svg) {
  const width = Number(svg.getAttribute("width"));
  svg.style.width = "100%";
  svg.style.height = "auto";
  svg.style.minWidth = `${Math.round(0.8 * width)}px`;
  svg.style.maxWidth = `${2 * width}px`;
}

const seen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
    seen.unobserve(target);
    draw(target);
  }),
  { rootMargin: "300px" });
document.querySelectorAll(".chart").forEach((element) => seen.observe(element));
dark.addEventListener("change", () => drawn.forEach(draw));

// Open the folded sections around the target of a link.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
