// The form: texts in and out of its controls, the messages beside them, and the short form of folded groups.

const PAUSE_MS = 700; // typing is not finished before; a message in the middle of a word would be a scolding

/** @param onInput called with {field, settled} when a value changes; settled: typing has paused or the field was left
 *  @param onSubmit called when the form is sent */
export function createForm(form, { onInput, onSubmit }) {
  const controls = new Map([...form.elements].filter((control) => control.name).map((control) => [control.name, control]));
  const sliders = [...form.querySelectorAll("[data-slider-for]")];
  let pause = 0;

  const textOf = (control) => (control.type === "checkbox" ? String(control.checked) : control.value);

  /** The text of every control, by field. */
  const texts = () => Object.fromEntries([...controls].map(([name, control]) => [name, textOf(control)]));

  /** Put texts into the controls. The one that is being typed into keeps what was typed, unless `all`. */
  function fill(values, { all = false } = {}) {
    for (const [name, text] of Object.entries(values)) {
      const control = controls.get(name);
      if (!control || textOf(control) === text) continue;
      if (!all && control === document.activeElement) continue;
      if (control.type === "checkbox") control.checked = text === "true";
      else control.value = text;
    }
    sliders.forEach((slider) => setSlider(slider, values[slider.dataset.sliderFor]));
    showGroupValues();
  }

  function setSlider(slider, text) {
    if (slider === document.activeElement || text === undefined) return;
    const wanted = number(text);
    const steps = stepsOf(slider);
    slider.value = String(Math.max(0, steps.findLastIndex((step) => number(step) <= wanted)));
    slider.setAttribute("aria-valuetext", controls.get(slider.dataset.sliderFor).value);
  }

  const number = (text) => Number(text.replaceAll(",", ""));

  const stepsOf = (slider) => [...slider.list.options].map((option) => option.label);

  /** Messages beside the controls: [{field, label, message}]. Controls without one are cleared. */
  function showProblems(problems) {
    const messages = new Map(problems.map(({ field, message }) => [field, message]));
    for (const [name, control] of controls) {
      const place = form.querySelector(`[data-problem-for="${name}"]`);
      const message = messages.get(name) ?? "";
      place.textContent = message;
      place.hidden = !message;
      if (message) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
      if (message) control.closest("details").open = true;
    }
  }

  /** Draw the eye to fields that something else than typing has changed. */
  function markChanged(names) {
    for (const name of names) {
      const row = form.querySelector(`[data-field="${name}"]`);
      row?.classList.remove("is-changed");
      void row?.offsetWidth; // starts the animation anew
      row?.classList.add("is-changed");
    }
  }

  function showGroupValues() {
    for (const group of form.querySelectorAll("[data-group]")) {
      const said = [...group.querySelectorAll("[data-field]")].map(shortText).filter(Boolean);
      group.querySelector("[data-group-values]").textContent = said.join(" · ");
    }
  }

  // 0 and nothing mean "as proposed" in most fields, so they are left out.
  function shortText(row) {
    const control = controls.get(row.dataset.field);
    if (getComputedStyle(row).display === "none") return "";
    if (control.type === "checkbox") return control.checked ? control.labels[0].textContent : "";
    if (control.options) return control.selectedOptions[0]?.label ?? "";
    if (control.value === "0" || control.value.length > 24) return "";
    const unit = row.querySelector(".unit");
    return control.value && unit ? `${control.value} ${unit.textContent}` : control.value;
  }

  function report(field, settled) {
    clearTimeout(pause);
    onInput({ field, settled });
    if (!settled) pause = setTimeout(() => onInput({ field, settled: true }), PAUSE_MS);
  }

  form.addEventListener("input", ({ target }) => {
    const field = target.dataset.sliderFor ?? target.name;
    if (target.dataset.sliderFor) {
      const text = stepsOf(target)[Number(target.value)];
      controls.get(field).value = text;
      target.setAttribute("aria-valuetext", text);
    }
    showGroupValues();
    report(field, target.matches("select, [type=checkbox], [type=range]"));
  });

  form.addEventListener("change", ({ target }) => {
    if (target.matches("[type=text], textarea")) report(target.name, true);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    onSubmit();
  });

  // On a phone the form begins folded, each group with its values.
  if (matchMedia("(max-width: 47.99rem)").matches) {
    for (const group of form.querySelectorAll("[data-group]")) group.open = false;
  }
  showGroupValues();

  return { texts, fill, showProblems, markChanged };
}
