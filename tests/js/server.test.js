/* Asking the server: which of several questions is answered, and what happens while nothing comes. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { delay, faultOf } from "../../vit_explorer/ui/core/faults.js";
import { ask, idle, latest, poll, queue } from "../../vit_explorer/ui/core/server.js";

const elements = {};
const element = (id) =>
  (elements[id] ||= { classList: { add() {}, toggle() {}, remove() {} }, setAttribute() {}, textContent: "" });
/** @type {any} */ (globalThis).window = {};
/** @type {any} */ (globalThis).document = { body: { append() {} }, getElementById: element };

let sent = []; // {data, answer(body), fail(status)} of each request
beforeEach(() => {
  sent = [];
  /** @type {any} */ (globalThis).fetch = (url, { body, signal }) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("aborted")));
      sent.push({
        path: url.pathname,
        body: JSON.parse(body),
        data: JSON.parse(body).data,
        answer: (answer, weights = null) =>
          resolve({ ok: true, headers: { get: () => weights }, json: async () => answer }),
        fail: (status) => (status ? resolve({ ok: false, status }) : reject(new TypeError("fetch failed"))),
      });
    });
});
const turn = () => new Promise((resolve) => setTimeout(resolve));
const asked = () => sent.map(({ data }) => data.n);

test("a refusal is a sentence and null; an answer is the answer", async () => {
  const said = [];
  const refused = ask(1, "f", { n: 1 }, { say: (sentence) => said.push(sentence) });
  sent[0].answer({ error: "No such picture." });
  assert.equal(await refused, null);
  assert.deepEqual(said, ["No such picture."]);
  const answered = ask(1, "f", { n: 2 });
  sent[1].answer({ value: 3 });
  assert.deepEqual(await answered, { value: 3 });
});

test("latest: only the newest question is answered, and idle waits for it alone", async () => {
  const answers = [];
  const read = latest(1, "f");
  for (const n of [1, 2, 3]) read({ n }).then((answer) => answers.push(answer));
  await turn();
  assert.deepEqual(asked(), [1, 2, 3]);
  sent[0].answer({ of: 1 });
  sent[2].answer({ of: 3 });
  await idle();
  assert.deepEqual(answers, [{ of: 3 }]);
});

test("queue: one at a time, then the newest of those that came meanwhile", async () => {
  const answers = [];
  const read = queue(1, "f");
  for (const n of [1, 2, 3]) read({ n }).then((answer) => answers.push(answer.of));
  await turn();
  assert.deepEqual(asked(), [1]);
  sent[0].answer({ of: 1 });
  await turn();
  assert.deepEqual(asked(), [1, 3]);
  read({ n: 4 }).then((answer) => answers.push(answer.of));
  await turn();
  assert.deepEqual(asked(), [1, 3]);
  sent[1].answer({ of: 3 });
  await turn();
  sent[2].answer({ of: 4 });
  await idle();
  assert.deepEqual(answers, [1, 3, 4]);
});

test("of a question that takes long the page says how many are before it", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const answer = ask(1, "f", { n: 1 });
    const { ticket } = sent[0].body;
    mock.timers.tick(2500);
    assert.match(elements["vx-stands"].textContent, /Still waiting/);
    assert.match(sent[1].path, /component_server\/place$/);
    assert.deepEqual(sent[1].body, { ticket });
    for (const [before, words] of /** @type {[number, RegExp][]} */ ([
      [2, /2 before you/],
      [1, /1 before you/],
      [0, /working on this/],
    ])) {
      sent.at(-1).answer({ before });
      for (let step = 0; step < 9; step++) await Promise.resolve();
      assert.match(elements["vx-stands"].textContent, words);
      mock.timers.tick(2500);
    }
    sent.at(-1).fail(0); // the place is not told: it is no longer known
    for (let step = 0; step < 9; step++) await Promise.resolve();
    assert.match(elements["vx-stands"].textContent, /Still waiting/);
    sent[0].answer({ of: 1 });
    assert.deepEqual(await answer, { of: 1 });
    const asked = sent.length;
    mock.timers.tick(10_000);
    assert.equal(sent.length, asked);
    const other = ask(1, "f", { n: 2 });
    assert.notEqual(sent.at(-1).body.ticket, ticket);
    sent.at(-1).answer({});
    await other;
  } finally {
    mock.timers.reset();
  }
});

test("a question that was lost is asked again until it is answered; a command is not", async () => {
  const answer = ask(1, "f", { n: 1 });
  sent[0].fail(0);
  await new Promise((resolve) => setTimeout(resolve, delay(0, 0) + 50));
  assert.deepEqual(asked(), [1, 1]);
  sent[1].answer({ of: 1 });
  assert.deepEqual(await answer, { of: 1 });
  const said = [];
  const command = ask(1, "f", { n: 2 }, { once: true, say: (sentence) => said.push(sentence) });
  sent[2].fail(503);
  assert.equal(await command, null);
  assert.match(said[0], /503/);
});

test("what a larger upload or an unknown function means is said once: asking again would bring the same", async () => {
  for (const status of [403, 404, 413]) {
    const said = [];
    const answer = ask(1, "f", {}, { say: (sentence) => said.push(sentence) });
    sent.at(-1).fail(status);
    assert.equal(await answer, null);
    assert.deepEqual(said, [faultOf(status).sentence]);
  }
});

test("a network that answers by other weights than before is said until the page is loaded again", async () => {
  const stands = () => element("vx-stands").textContent;
  const answered = async (/** @type {string} */ model, /** @type {string | null} */ weights) => {
    const answer = ask(1, "f", { model });
    sent.at(-1).answer({}, weights);
    await answer;
  };
  element("vx-stands").textContent = "";
  for (const stamp of ["a1", "a1", null]) await answered("vit", stamp);
  await answered("cnn", "b2");
  assert.equal(stands(), "");
  await answered("vit", "c3");
  assert.match(stands(), /weights of vit /);
});

test("poll: one at a time, at once after the one under way, and no more after null", async () => {
  const starts = [];
  let finish;
  const polling = poll(() => {
    starts.push(1);
    return new Promise((resolve) => (finish = resolve));
  });
  polling.now();
  polling.now();
  assert.equal(starts.length, 1);
  finish(60_000);
  await turn();
  assert.equal(starts.length, 2);
  finish(0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(starts.length, 3);
  finish(null);
  await turn();
  assert.equal(starts.length, 3);
});

test("attempts come after 1, 2, 4 seconds and then every 4; a fault of the server is tried ever more seldom", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 9].map((failures) => delay(0, failures)),
    [1000, 2000, 4000, 4000, 4000],
  );
  assert.equal(delay(500, 4), 16_000);
  assert.equal(delay(500, 20), 60_000);
});

test("every status has a sentence of its own", () => {
  const statuses = [0, 400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 418];
  assert.equal(new Set(statuses.map((status) => faultOf(status).sentence)).size, statuses.length);
  assert.match(faultOf(599).sentence, /599/);
});
