// What a run's page says of the run, kept up to date until the run has ended.

const LOOK_MS = 5000;
const head = document.getElementById("head");

document.documentElement.classList.add("scripted");
if (head.dataset.over === "no") setTimeout(look, LOOK_MS);

async function look() {
  let isOver = false;
  try {
    if (!document.hidden) isOver = await update();
  } catch { /* the next look may succeed */ }
  if (isOver) await complete();
  else setTimeout(look, LOOK_MS);
}

// Whether the run has ended.
async function update() {
  const answer = await fetch(location.pathname, { headers: { "x-part": "head" } });
  if (answer.redirected) location.reload(); // its files have a place by now
  if (!answer.ok || answer.redirected) return false;
  const text = await answer.text();
  if (head.innerHTML !== text) head.innerHTML = text;
  return !head.querySelector(".state:is(.pending, .triggered, .scheduling)");
}

// What the page says of the run's files is another by now.
async function complete() {
  const text = await (await fetch(location.pathname)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of [".columns", ".links", "link[rel=icon]", "title"]) {
    document.querySelector(part).replaceWith(document.adoptNode(fresh.querySelector(part)));
  }
}
