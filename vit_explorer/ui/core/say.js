/* Sentences to the person. */
/** @type {ReturnType<typeof setTimeout>} */
let timer; // until the sentence is taken away

/** One sentence on what went wrong, for as long as it takes to read. */
export const say = (sentence) => show(sentence, "alert");

/** One sentence on what was done. */
export const inform = (sentence) => show(sentence, "status");

function show(sentence, role) {
  let box = document.getElementById("vx-say");
  if (!box) {
    box = document.createElement("div");
    box.id = "vx-say";
    document.body.append(box);
  }
  box.setAttribute("role", role);
  box.textContent = sentence;
  box.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => box.classList.remove("shown"), 4000 + 40 * sentence.length);
}
