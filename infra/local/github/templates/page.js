// Keeps the story fresh without touching the form, and remembers as whom one speaks.
const story = document.getElementById("story");
const speaker = document.querySelector('select[name="as"]');
let known = "";

const remembered = localStorage.getItem("speaker");
if ([...speaker.options].some((option) => option.value === remembered)) speaker.value = remembered;
speaker.addEventListener("change", () => localStorage.setItem("speaker", speaker.value));

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.pathname + "?part=story", { headers: known ? { "If-None-Match": known } : {} });
      if (answer.status === 200) {
        if (known) {
          const open = [...story.querySelectorAll("details")].map((one) => one.open);
          story.innerHTML = await answer.text();
          story.querySelectorAll("details").forEach((one, at) => { one.open = open[at] ?? one.open; });
        }
        known = answer.headers.get("ETag");
      }
    } catch {
      // The server is away; the next round asks again.
    }
  }
  setTimeout(refresh, 2000);
}
refresh();
