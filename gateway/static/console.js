// Keeps the live figures live: asks for them again while the page is looked at. Without it the page is still whole.
"use strict";

const live = document.querySelector("[data-live]");

async function refresh() {
  const answer = await fetch(live.dataset.live, { credentials: "same-origin", cache: "no-store" });
  if (answer.status === 401) {
    location.reload();
    return;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  live.innerHTML = await answer.text();
  live.dataset.refreshed = String(Number(live.dataset.refreshed || 0) + 1);
}

function mark(isLost) {
  const pulse = live.querySelector("[data-pulse]");
  if (!pulse) return;
  pulse.classList.toggle("lost", isLost);
  if (isLost) pulse.textContent = "连接中断，正在重试 connection lost, retrying";
}

async function keepLive() {
  if (!document.hidden && !live.contains(document.activeElement) && !String(getSelection())) {
    try {
      await refresh();
    } catch {
      mark(true);
    }
  }
  setTimeout(keepLive, Number(live.dataset.everyMs));
}

if (live) setTimeout(keepLive, Number(live.dataset.everyMs));
