// The form: texts in and out of its controls, and the messages beneath them. A control of the
// scenario has the dotted name of its field; other controls of the page have none.
//
// A message in the middle of a word would be a scolding, so messages are kept back until typing
// rests.

const PAUSE_MS = 700; // typing is not finished before

/**
 * @param onInput called with the name of a field when its text changes
 * @param onSubmit called when the form is sent
 * @param onProblems called with the problems when their messages appear: typing has rested; with
 *   none at once
 */
export function createForm(form, { onInput, onSubmit, onProblems }) {
  const named = [...form.elements].filter((control) => control.name.includes("."));
  const controls = new Map(named.map((control) => [control.name, control]));
  const sliders = [...form.querySelectorAll("[data-slider-for]")];
  let typed = null; // the control that is being typed into: it keeps what was typed
  let meant = null; // the text that takes the place of what was typed when typing has ended
  let pause = 0; // runs while typing has not rested
  let kept = null; // the problems whose messages are kept back

  const textOf = (control) =>
    control.type === "checkbox" ? String(control.checked) : control.value;

  /** The text of every control, by field. */
  const texts = () =>
    Object.fromEntries([...controls].map(([name, control]) => [name, textOf(control)]));

  // Not what stands there now: a browser may bring back the texts of an earlier visit.
  const defaults = Object.fromEntries(
    [...controls].map(([name, control]) => [name, defaultOf(control)]),
  );

  /** Put texts into the controls, but for the one that is being typed into. */
  function fill(values) {
    for (const [name, text] of Object.entries(values)) {
      const control = controls.get(name);
      if (control === typed) meant = text;
      else if (control) setText(control, text);
    }
    sliders.forEach(setSlider);
  }

  /** Show in the empty controls what the plan takes for them: {field: text}. */
  function showTaken(texts) {
    for (const [name, text] of Object.entries(texts)) {
      controls.get(name)?.setAttribute("placeholder", text);
    }
    sliders.forEach(setSlider);
  }

  /** Say beside the controls what was made of their texts: {field: words}. */
  function showUnderstood(words) {
    for (const place of form.querySelectorAll("[data-understood-for]")) {
      place.textContent = words[place.dataset.understoodFor] ?? "";
      place.hidden = !place.textContent;
    }
  }

  /**
   * Texts from elsewhere take the place of all: nothing is being typed any more, and what has no
   * text is as at first.
   */
  function open(values) {
    kept = null;
    meant = null;
    rest();
    showUnderstood({});
    fill({ ...defaults, ...values });
  }

  function setText(control, text) {
    if (textOf(control) === text) return;
    // What a box or a choice cannot show stays at first: the message beside it says what the link
    // wrote.
    const fit = canShow(control, text) ? text : defaultOf(control);
    if (control.type === "checkbox") control.checked = fit === "true";
    else control.value = fit;
  }

  function canShow(control, text) {
    if (control.type === "checkbox") return text === "true" || text === "false";
    return !control.options || [...control.options].some((option) => option.value === text);
  }

  function setSlider(slider) {
    if (slider === document.activeElement) return;
    const control = controls.get(slider.dataset.sliderFor);
    const text = control.value || control.placeholder; // empty: what was chosen
    const wanted = number(text);
    const steps = stepsOf(slider);
    slider.value = String(Math.max(0, steps.findLastIndex((step) => number(step) <= wanted)));
    slider.setAttribute("aria-valuetext", text);
  }

  const number = (text) => Number(text.replaceAll(",", ""));

  const stepsOf = (slider) => [...slider.list.options].map((option) => option.label);

  /** Messages beside the controls: [{field, label, message}]. Controls without one are cleared. */
  function showProblems(problems) {
    kept = problems;
    if (!pause || !problems.length) showKept();
  }

  function showKept() {
    const messages = new Map(kept.map(({ field, message }) => [field, message]));
    for (const [name, control] of controls) showMessage(name, control, messages.get(name) ?? "");
    onProblems(kept);
    kept = null;
  }

  function showMessage(name, control, message) {
    const place = form.querySelector(`[data-problem-for="${name}"]`);
    place.textContent = message;
    place.hidden = !message;
    if (message) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    const fold = control.closest("details");
    if (message && fold) fold.open = true;
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

  function type(control) {
    typed = control;
    meant = null;
    kept = null; // they were about an earlier text
    clearTimeout(pause);
    pause = setTimeout(stopTyping, PAUSE_MS);
  }

  function stopTyping() {
    clearTimeout(pause);
    pause = 0;
    if (kept) showKept();
  }

  function rest() {
    if (typed && meant !== null) setText(typed, meant);
    typed = null;
    meant = null;
    stopTyping();
  }

  form.addEventListener("input", ({ target }) => {
    if (!target.dataset.sliderFor && !controls.has(target.name)) return;
    const field = target.dataset.sliderFor ?? target.name;
    if (target.dataset.sliderFor) {
      const text = stepsOf(target)[Number(target.value)];
      controls.get(field).value = text;
      target.setAttribute("aria-valuetext", text);
    }
    const { insteadOf } = target.dataset;
    if (insteadOf) controls.get(insteadOf).value = "";
    if (target.matches("[type=text], textarea")) type(target);
    else rest();
    onInput(field);
  });

  form.addEventListener("change", rest);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rest();
    onSubmit();
  });

  return { texts, fill, open, showProblems, showTaken, showUnderstood, markChanged };
}

function defaultOf(control) {
  if (control.type === "checkbox") return String(control.defaultChecked);
  if (control.options) return [...control.options].find((option) => option.defaultSelected).value;
  return control.defaultValue;
}
