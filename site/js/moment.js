// The moment of the run: a slider and a play button that move the line of the queue chart.

const STEP_MS = 90; // a run in nine seconds

/**
 * Returns {refresh, step}: the first is to be called when the chart or the list of moments has
 * changed, the second is where the slider stands.
 */
export function createMoment(place) {
  const slider = place.querySelector("[data-moment-slider]");
  const play = place.querySelector("[data-play]");
  const cells = [...place.querySelectorAll("[data-moment-cell]")];
  let moments = [];
  let timer = 0;

  function readMoments() {
    const rows = document.querySelectorAll('[data-list="moments"] > tr');
    moments = [...rows].map((row) => {
      const cells = [...row.querySelectorAll("[data-cell]")];
      return Object.fromEntries(cells.map((cell) => [cell.dataset.cell, cell.textContent]));
    });
    slider.max = String(Math.max(0, moments.length - 1));
  }

  function show() {
    const moment = moments[Number(slider.value)];
    if (!moment) return;
    for (const cell of cells) {
      const text = moment[cell.dataset.momentCell];
      if (cell.textContent !== text) cell.textContent = text;
    }
    slider.setAttribute("aria-valuetext", moment.label);
    paint(place.querySelector("svg[data-t1]"), Number(moment.at));
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
  }

  function step() {
    if (Number(slider.value) >= Number(slider.max)) return stop();
    slider.value = String(Number(slider.value) + 1);
    show();
  }

  play.addEventListener("click", () => {
    if (timer) return stop();
    if (slider.value === slider.max) slider.value = "0";
    play.setAttribute("aria-pressed", "true");
    timer = setInterval(step, STEP_MS);
  });
  // one stop of the Tab key for both: the space bar of the slider plays
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " " || !play.checkVisibility()) return;
    event.preventDefault();
    play.click();
  });
  slider.addEventListener("input", () => {
    stop();
    show();
  });

  function refresh() {
    readMoments();
    show();
  }
  refresh();
  return {
    refresh,
    get step() {
      return Number(slider.value);
    },
  };
}

/**
 * Move the line to the second `at`, and say of each bar whether it is queued, processing or
 * completed then.
 */
function paint(chart, at) {
  if (!chart) return;
  const { x0, x1, t1 } = chart.dataset;
  // In percent: the picture is as wide as its place.
  const x = `${Number(x0) + ((Number(x1) - Number(x0)) * at) / Number(t1)}%`;
  const line = chart.querySelector(".moment");
  line?.setAttribute("x1", x);
  line?.setAttribute("x2", x);
  for (const bar of chart.querySelectorAll(".bar")) {
    const state = stateOf(bar, at);
    for (const name of ["queued", "processing", "completed"]) {
      bar.classList.toggle(`is-${name}`, name === state);
    }
  }
}

function stateOf(bar, at) {
  if (at < Number(bar.dataset.start)) return "queued";
  return at < Number(bar.dataset.end) ? "processing" : "completed";
}
