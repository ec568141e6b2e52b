/* Sentences to the person. */
/** @type {ReturnType<typeof setTimeout>} */
let timer; // until the sentence is taken away

/** @type {HTMLElement | null} */
let place = null; // where they stand, if not at the end of the page

/** @param {string} id */
function box(id) {
  const found = document.getElementById(id);
  if (found) return found;
  const made = document.createElement("div");
  made.id = id;
  (place ?? document.body).append(made);
  return made;
}

/** Let sentences stand in another element. @param {HTMLElement} element */
export function sayIn(element) {
  place = element;
  place.append(...["vx-say", "vx-stands"].map(box));
}

/** One sentence on what went wrong, for as long as it takes to read. */
export const say = (sentence) => show(sentence, "alert");

/** One sentence on what was done. */
export const inform = (sentence) => show(sentence, "status");

function show(sentence, role) {
  const said = box("vx-say");
  said.setAttribute("role", role);
  said.textContent = sentence;
  said.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => said.classList.remove("shown"), 4000 + 40 * sentence.length);
}

/** Take away what was said: something else is looked at now. */
export const hush = () => document.getElementById("vx-say")?.classList.remove("shown");

/** A sentence that stands until it is no longer true: "" takes it away. */
export function stand(sentence) {
  const standing = box("vx-stands");
  standing.setAttribute("role", "status");
  if (sentence) standing.textContent = sentence;
  standing.classList.toggle("shown", Boolean(sentence));
}
