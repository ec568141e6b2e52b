/* Sentences to the person. */
/** @type {ReturnType<typeof setTimeout>} */
let timer; // until the sentence is taken away

/** One sentence to the person, for as long as it takes to read. */
export function say(sentence) {
  let box = document.getElementById("vx-say");
  if (!box) {
    box = document.createElement("div");
    box.id = "vx-say";
    box.setAttribute("role", "alert");
    document.body.append(box);
  }
  box.textContent = sentence;
  box.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => box.classList.remove("shown"), 4000 + 40 * sentence.length);
}
