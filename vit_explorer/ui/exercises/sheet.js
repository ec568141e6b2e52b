/* The words of the exercises. A task either opens a view (`link`) or asks: for a number, or for one of `options`.
 * `check` names the function of checks.js that knows the answer.
 */

/**
 * @typedef {{say: string, door: string, link: string} | {say: string, check: string, unit?: string, options?: string[]}} Task
 * @typedef {{id: string, title: string, aim: string, tasks: Task[]}} Exercise
 */

/** @type {Exercise[]} */
export const SHEET = [
  {
    id: "race",
    title: "1. A ViT against a CNN, from scratch",
    aim: "Both learn from the same pictures, each with and without augmentation. Which of them learns more from few pictures, and does augmentation bring them closer to each other?",
    tasks: [
      {
        say: "Before anything runs, write down what you expect. Then open the race of four, and press Play: 500 pictures and 3 epochs take a minute or two, more of both take longer and decide more.",
        door: "Set up the race",
        link: "tab=train&sub=race&setup=augmentation&pictures=500&epochs=3",
      },
      {
        say: "At its end, without augmentation: which one gets more test pictures right?",
        check: "leader",
        options: ["the ViT", "the CNN"],
      },
      { say: "By how many percentage points of test accuracy?", check: "lead", unit: "points" },
      {
        say: "With augmentation, is their distance larger or smaller than without?",
        check: "distance",
        options: ["larger", "smaller"],
      },
      {
        say: "One seed decides little. See the same kinds of networks on 500 to 50,000 pictures, and compare with your race.",
        door: "Open Hunger for data",
        link: "tab=train&sub=hunger",
      },
    ],
  },
  {
    id: "positions",
    title: "2. What position embeddings know",
    aim: "A ViT gets its patches as a list. Its position embeddings are learned: see how much of the square they know, before training and after.",
    tasks: [
      {
        say: "Open the similarities of all position embeddings.",
        door: "Open Positions",
        link: "tab=positions&picture=sample:cat&model=vit-cifar10",
      },
      { say: "How many rows has the matrix of all pairs?", check: "rows", unit: "rows" },
      { say: "Untrained, what is the 2D score, from 0 to 1?", check: "scoreBefore", unit: "" },
      { say: "And at the end of training?", check: "scoreAfter", unit: "" },
      { say: "Mark the patch in the upper left corner.", door: "Mark patch 1", link: "tab=positions&token=0" },
      {
        say: "To which other patch's is its position embedding most similar, at the end of training? Its number:",
        check: "alike",
        unit: "",
      },
    ],
  },
  {
    id: "windows",
    title: "3. What windows save",
    aim: "Swin lets tokens meet in windows only. Work out by hand what that saves on a map of 56 × 56 tokens of 96 numbers, in windows of 7 × 7, and compare with the count and the clock.",
    tasks: [
      { say: "How many tokens has the map?", check: "tokens", unit: "tokens" },
      { say: "How many windows are there?", check: "windows", unit: "windows" },
      { say: "How many times fewer entries do the attention matrices have?", check: "entries", unit: "×" },
      { say: "Open the costs.", door: "Open Cost", link: "tab=windows&sub=cost" },
      { say: "How many times fewer multiply-adds does the whole module make?", check: "module", unit: "×" },
      {
        say: "Press Measure here. Write down why the clock and the count differ.",
        door: "Open Cost",
        link: "tab=windows&sub=cost",
      },
    ],
  },
];
