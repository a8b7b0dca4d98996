"use strict";
(() => {
  const every = Number(document.documentElement.dataset.every);
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  const lost = document.getElementById("lost");
  let timer = 0;
  let asking = false;

  const swap = (id, fresh) => {
    const here = document.getElementById(id);
    const there = fresh.getElementById(id);
    if (here.innerHTML === there.innerHTML) return;
    const focused = here.contains(document.activeElement) ? document.activeElement.id : "";
    const { scrollX, scrollY } = window;
    here.replaceChildren(...there.childNodes);
    if (focused) (document.getElementById(focused) ?? main).focus({ preventScroll: true });
    window.scrollTo(scrollX, scrollY);
  };

  const show = (fresh) => {
    const says = fresh.getElementById("main").dataset.says;
    for (const id of ["header", "main", "as-of"]) swap(id, fresh);
    document.title = fresh.title;
    const icon = document.getElementById("icon");
    const href = fresh.getElementById("icon").getAttribute("href");
    if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
    if (main.dataset.says !== says) {
      main.dataset.says = says;
      live.textContent = says;
    }
  };

  const refresh = async () => {
    clearTimeout(timer);
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error(answer.statusText);
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    } finally {
      asking = false;
      timer = setTimeout(refresh, every);
    }
  };

  document.addEventListener("visibilitychange", refresh);
  timer = setTimeout(refresh, every);
})();
