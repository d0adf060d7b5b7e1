// The list of runs: filtered while one types, and brought up to date without a flicker.

const REFRESH_MS = 8000;
const form = document.querySelector(".filters");
const found = document.getElementById("found");
let asked = 0;
let timer;

document.documentElement.classList.add("scripted");

function address() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) query.set(name, value.trim());
  return query.size ? `/?${query}` : "/";
}

async function show(target) {
  const mine = ++asked;
  clearTimeout(timer);
  try {
    const answer = await fetch(target, { headers: { "x-part": "found" } });
    const text = await answer.text();
    if (mine !== asked) return; // a newer question is under way
    if (answer.ok) replace(text);
    found.classList.toggle("stale", !answer.ok);
  } catch {
    found.classList.add("stale"); // the next look may succeed
  }
  if (mine === asked) wait();
}

function wait() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(() => show(location.pathname + location.search), REFRESH_MS);
}

// What says what it said stays as it is: focus, selection and the place one reads are kept.
function replace(text) {
  const next = document.createElement("template");
  next.innerHTML = text;
  const rows = next.content.querySelector("tbody");
  const body = found.querySelector("tbody");
  if (!rows || !body) {
    found.replaceChildren(next.content);
    return;
  }
  const old = new Map([...body.children].map((row) => [row.id, row]));
  const wanted = [...rows.children];
  wanted.forEach((row, place) => {
    const kept = old.get(row.id);
    if (kept) [...row.cells].forEach((cell, i) => kept.cells[i].outerHTML === cell.outerHTML || kept.cells[i].replaceWith(cell));
    if (body.children[place] !== (kept ?? row)) body.insertBefore(kept ?? row, body.children[place] ?? null);
  });
  while (body.children.length > wanted.length) body.lastElementChild.remove();
  for (const part of [".summary", ".pages"]) {
    const [was, is] = [found.querySelector(part), next.content.querySelector(part)];
    if (was && is && was.outerHTML !== is.outerHTML) was.replaceWith(is);
    else if (was && !is) was.remove();
    else if (!was && is) found.append(is);
  }
}

function fill(search) {
  const query = new URLSearchParams(search);
  for (const field of form.elements) if (field.name) field.value = query.get(field.name) ?? "";
}

function go(target) {
  history.pushState(null, "", target);
  fill(location.search);
  show(target);
}

form.querySelector(".more-filters").addEventListener("click", (event) => {
  const isOpen = form.classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(isOpen));
});

let typing;
form.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const target = address();
    history.replaceState(null, "", target);
    show(target);
  }, 120);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(address());
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-filter], a[data-clear]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
  if (link.rel) window.scrollTo(0, 0);
});
window.addEventListener("popstate", () => {
  fill(location.search);
  show(location.pathname + location.search);
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : show(location.pathname + location.search)));
wait();
