// A log: it opens at its end, and is paged, searched and followed. The server makes the lines, window by window; each
// window says which bytes of the log it holds, and which number its first line has, if that is known.

const MOST_WINDOWS = 20; // what is far away is fetched again when somebody goes there
const NEAR = 300; // pixels from an edge at which the next window is fetched
const FAR = 999999999999999; // a byte behind the end of any log
const MOST_CHOSEN = 5000; // lines that are marked at once
const AGAIN_MS = 2000;

function part(text) {
  const holder = document.createElement("template");
  holder.innerHTML = text;
  return holder.content;
}

function readable(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < 3; unit++) bytes /= 1000;
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

// The lines that the address names: `#L5` or `#L5-L12`.
function range() {
  const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash);
  return found && [Number(found[1]), Number(found[2] ?? found[1])].sort((a, b) => a - b);
}

async function* objects(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

class Log {
  constructor(section) {
    const find = (name) => section.querySelector(`[data-${name}]`);
    this.path = section.dataset.path;
    this.size = Number(section.dataset.size);
    this.isGrowing = section.dataset.growing === "yes";
    this.following = null;
    this.isLoading = false;
    this.scroll = section.querySelector(".scroll");
    this.search = section.querySelector(".find");
    this.windows = find("windows");
    this.matches = find("matches");
    this.controls = {
      earlier: find("earlier"), later: find("later"), top: find("top"), end: find("end"),
      errors: find("errors"), toEnd: find("follow"), live: find("live"), total: find("total"),
    };
    this.listen();
    this.open().catch((error) => this.say(error.message));
  }

  get first() { return this.windows.querySelector(".window")?.dataset; }
  get last() { return [...this.windows.querySelectorAll(".window")].pop()?.dataset; }
  get below() { return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight; }
  get isAtEnd() { return this.below < 40; }

  async open() {
    this.controls.live.hidden = !this.isGrowing;
    if (range()) return this.goTo(range()[0]);
    if (new URLSearchParams(location.search).has("at")) return this.number();
    this.toBottom();
    this.follow();
    return this.number();
  }

  // Asking the server

  async ask(kind, query) {
    const answer = await fetch(`/log/${kind}/${this.path}?${new URLSearchParams(query)}`, { headers: { "x-part": kind } });
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
  }

  async lines(query) {
    const found = part(await (await this.ask("lines", query)).text()).firstElementChild;
    this.size = Number(found.dataset.size);
    return found;
  }

  // What asks for the lines behind a window.
  static after({ end, style, number, count }) {
    return { after: end, style, ...(number && { number: Number(number) + Number(count) }) };
  }

  // The windows

  edges() {
    this.controls.total.textContent = readable(this.size);
    this.controls.earlier.hidden = !(Number(this.first?.start) > 0);
    this.controls.later.hidden = !(Number(this.last?.end) < this.size) || Boolean(this.following);
  }

  trim(side) {
    while (this.windows.children.length > MOST_WINDOWS) this.windows[side].remove();
  }

  async more(load) {
    if (this.isLoading || !this.first) return;
    this.isLoading = true;
    try {
      await load.call(this);
    } catch (error) {
      this.say(error.message);
    }
    this.isLoading = false;
    this.edges();
    this.choose();
  }

  async earlier() {
    const { start, number } = this.first;
    if (Number(start) === 0) return;
    const found = await this.lines({ before: start, ...(number && { number }) });
    const [height, top] = [this.scroll.scrollHeight, this.scroll.scrollTop];
    this.windows.prepend(found);
    this.scroll.scrollTop = top + this.scroll.scrollHeight - height;
    this.trim("lastElementChild");
    if (this.following && Number(this.last.end) < this.size) this.stop();
  }

  async later() {
    if (this.following || Number(this.last.end) >= this.size) return;
    this.windows.append(await this.lines(Log.after(this.last)));
    const height = this.scroll.scrollHeight;
    this.trim("firstElementChild");
    this.scroll.scrollTop -= height - this.scroll.scrollHeight;
  }

  async show(query, line) {
    this.stop();
    this.windows.replaceChildren(await this.lines(line ? { ...query, number: line } : query));
    if (!line) await this.number();
    this.edges();
  }

  // Lines of a long log get their numbers once it has been counted.
  async number() {
    if (!this.first || this.first.number) return;
    const { start } = this.first;
    let next = (await (await this.ask("where", { byte: start })).json()).line;
    if (this.first.start !== start) return; // somebody went elsewhere meanwhile
    for (const one of this.windows.children) {
      one.dataset.number = next;
      for (const row of one.children) {
        const anchor = row.firstElementChild;
        row.id = `L${next}`;
        anchor.href = `#L${next}`;
        anchor.dataset.n = next;
        anchor.ariaLabel = `line ${next}`;
        next += 1;
      }
    }
    this.choose();
  }

  // Going somewhere

  toBottom() { this.scroll.scrollTop = this.scroll.scrollHeight; }

  async top() {
    if (Number(this.first?.start) !== 0) await this.show({ after: 0 }, 1);
    this.scroll.scrollTop = 0;
  }

  async end() {
    if (this.isGrowing && !this.following) await this.show({ before: FAR });
    else if (!this.isGrowing && !(Number(this.last?.end) >= this.size)) await this.show({ before: this.size });
    this.follow();
    this.toBottom();
  }

  async goTo(line, byte) {
    if (!document.getElementById(`L${line}`)) {
      const where = byte === undefined ? await (await this.ask("where", { line })).json() : { byte, line };
      await this.show({ after: where.byte }, where.line);
      if (where.byte > 0) this.windows.prepend(await this.lines({ before: where.byte, number: where.line }));
      this.edges();
    }
    this.choose();
    const row = document.getElementById(`L${line}`);
    const offset = row ? row.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top : 0;
    this.scroll.scrollTop += offset - this.scroll.clientHeight / 3;
  }

  choose() {
    for (const row of this.windows.querySelectorAll(".chosen")) row.classList.remove("chosen");
    const [from, to] = range() ?? [1, 0];
    for (let line = from; line <= Math.min(to, from + MOST_CHOSEN); line++) {
      document.getElementById(`L${line}`)?.classList.add("chosen");
    }
  }

  pick(line, isRange) {
    const chosen = isRange && range();
    const hash = chosen ? `#L${Math.min(chosen[0], line)}-L${Math.max(chosen[0], line)}` : `#L${line}`;
    history.replaceState(null, "", hash);
    this.choose();
  }

  // Following

  async follow() {
    if (this.following || !this.isGrowing) return;
    const mine = (this.following = new AbortController());
    this.controls.live.hidden = false;
    this.controls.toEnd.hidden = true;
    this.edges();
    while (this.following === mine) {
      try {
        const query = this.last ? Log.after(this.last) : { after: 0, number: 1 };
        const answer = await fetch(`/log/follow/${this.path}?${new URLSearchParams(query)}`, { signal: mine.signal });
        if (!answer.ok) throw new Error();
        for await (const news of objects(answer.body)) {
          if (news.over) return this.over();
          this.add(part(news.html).firstElementChild);
        }
      } catch {
        if (mine.signal.aborted) return;
        await new Promise((wake) => setTimeout(wake, AGAIN_MS));
      }
    }
  }

  add(found) {
    const wasAtEnd = this.isAtEnd;
    this.windows.querySelector(".waiting")?.remove();
    this.windows.append(found);
    this.size = Math.max(this.size, Number(found.dataset.end));
    if (wasAtEnd) {
      this.trim("firstElementChild");
      this.toBottom();
    } else {
      this.controls.toEnd.hidden = false;
    }
    this.edges();
  }

  stop() {
    this.following?.abort();
    this.following = null;
    this.controls.toEnd.hidden = !this.isGrowing;
  }

  over() {
    this.isGrowing = false;
    this.stop();
    this.controls.live.hidden = true;
    const waiting = this.windows.querySelector(".waiting");
    if (waiting) waiting.textContent = "The run has ended without a log.";
    this.edges();
  }

  // Searching

  say(text) {
    const line = document.createElement("p");
    line.className = "count";
    line.role = "status";
    line.textContent = text;
    this.matches.replaceChildren(line);
    this.matches.hidden = false;
  }

  async find(query) {
    this.say("Searching …");
    try {
      this.matches.replaceChildren(part(await (await this.ask("find", query)).text()));
    } catch (error) {
      this.say(error.message);
    }
  }

  visit(link) {
    this.matches.querySelector("[aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    history.replaceState(null, "", `#L${link.dataset.line}`);
    return this.goTo(Number(link.dataset.line), Number(link.dataset.byte));
  }

  // What people do

  listen() {
    const { earlier, later, top, end, errors, toEnd } = this.controls;
    this.press(earlier, () => this.more(this.earlier));
    this.press(later, () => this.more(this.later));
    this.press(top, () => this.top());
    this.press(end, () => this.end());
    this.press(toEnd, () => this.end());
    this.press(errors, () => this.find({ errors: "on" }));
    this.scroll.addEventListener("scroll", () => this.near(), { passive: true });
    this.search.addEventListener("submit", (event) => {
      event.preventDefault();
      const query = Object.fromEntries(new FormData(this.search));
      if (query.find.trim()) this.find(query);
      else this.matches.hidden = true;
    });
    this.press(this.matches, (target) => this.visit(target), "a[data-line]");
    this.press(this.windows, (target, event) => this.pick(Number(target.dataset.n), event.shiftKey), "a[data-n]");
    window.addEventListener("hashchange", () => range() && this.goTo(range()[0]));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
      else if (this.isAtEnd) this.follow();
    });
  }

  press(element, act, within = "*") {
    element.addEventListener("click", (event) => {
      const target = event.target.closest(within);
      if (!target || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      Promise.resolve(act(target, event)).catch((error) => this.say(error.message));
    });
  }

  near() {
    if (this.scroll.scrollTop < NEAR) this.more(this.earlier);
    if (this.below < NEAR) this.more(this.later);
    if (this.following && this.isAtEnd) this.controls.toEnd.hidden = true;
  }
}

const section = document.getElementById("log");
if (section.querySelector(".scroll")) new Log(section);
