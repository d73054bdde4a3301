// Draws each figure when it comes into view, in the colours of the reader's light or dark setting.
"use strict";
const data = (id) => JSON.parse(document.getElementById(id).textContent);
const looks = data("looks");
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Set();
const state = document.documentElement.dataset;
state.errors = 0;
state.figures = 0;
addEventListener("error", () => state.errors++);

async function draw(place) {
  drawn.add(place);
  try {
    const config = dark.matches ? looks.dark : looks.light;
    const options = { mode: "vega-lite", renderer: "svg", actions: false, config };
    await vegaEmbed(place, data(place.dataset.spec), options);
    state.figures++;
  } catch (error) {
    state.errors++;
    place.textContent = "This figure cannot be drawn: " + error;
  }
  state.ready ??= Math.round(performance.now());
}

const seen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
    seen.unobserve(target);
    draw(target);
  }),
  { rootMargin: "300px" });
document.querySelectorAll(".chart").forEach((place) => seen.observe(place));
dark.addEventListener("change", () => drawn.forEach(draw));

// A link may lead into something folded.
function unfold() {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  place.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
