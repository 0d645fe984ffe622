// The little that htmx does not do. Without this file the site works the same.
(() => {
  // The list items around what had the focus, and the link that opened the form it was in, to find a place for it when
  // what had it is gone.
  let item, around, section, opener;

  document.addEventListener("htmx:before:swap", () => {
    item = document.activeElement?.closest("li[id]");
    opener = document.activeElement?.closest("form[id]")?.id.replace(/_form$/, "");
    section = item?.closest("section");
    around = [item?.nextElementSibling, item?.previousElementSibling];
    for (let outer = item; (outer = outer?.parentElement.closest("li[id]")); ) around.push(outer);
  });

  // A reader with a keyboard stays where they were: in the item, else in the next one or that around it, else at the
  // heading of the list or the page.
  document.addEventListener("htmx:after:swap", () => {
    if (!item || document.activeElement !== document.body) return;
    const link = document.getElementById(opener);
    if (link) return link.focus();
    const near = document.getElementById(item.id) ?? around.find(other => other?.isConnected);
    const place = near ?? section?.querySelector("h2") ?? document.querySelector("h1");
    item = undefined;
    if (!place) return;
    place.tabIndex = -1;
    place.focus();
  });

  // A comment that was put at the end of others, as its reader wanted: they see it, also among replies that they had
  // folded up. Where the form is far above it, the
  // keyboard goes on from the comment.
  document.addEventListener("htmx:after:settle", event => {
    const { task, newContent } = event.detail;
    if (task?.swapSpec?.style !== "beforeend") return;
    for (const added of newContent ?? []) {
      for (let folded; (folded = added.closest?.("details:not([open])")); ) folded.open = true;
      added.scrollIntoView?.({ block: "nearest" });
      if (!added.matches?.("#comment_list > li")) continue;
      added.tabIndex = -1;
      added.focus({ preventScroll: true });
    }
  });

  // The second click of a double one is meant for what was there at the first: by now there may be an emptied form,
  // or the button that destroys the next comment.
  document.addEventListener("click", event => {
    if (event.detail < 2 || !event.target.closest("button, [hx-get]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // A form that its link has opened already stays as it is, and gets the focus.
  document.addEventListener("click", event => {
    const link = event.target.closest("a[hx-get]");
    if (link) document.getElementById(`${link.id}_form`)?.querySelector("textarea").focus();
  });

  // A browser may keep the page for who goes back to it: what was told here has been heard.
  addEventListener("pagehide", () => document.getElementById("flash").replaceChildren());

  // Says what went wrong, and that it has taken nothing away.
  const tell = (what, advice = "try again in a moment") => {
    const sentence = document.createElement("p");
    sentence.className = "flash alert";
    sentence.role = "alert";
    const typed = [...document.querySelectorAll("textarea")].some(field => field.value);
    sentence.textContent = `${what}${typed ? ". What you typed is still here" : ""}: ${advice}.`;
    document.getElementById("flash").replaceChildren(sentence);
  };

  // No answer came, which does not mean that nothing was done: but what is sent twice is done once.
  for (const silence of ["htmx:error", "keys:error"]) {
    document.addEventListener(silence, () => tell("The server did not answer"));
  }

  // An answer that names no place on the page, nor another page, is not the site's: it is the server's own, before it
  // has looked at a request, or that of what stands before it.
  document.addEventListener("htmx:response:error", event => {
    const { text, response } = event.detail.ctx;
    if (text.includes("<hx-partial") || response.headers.has("HX-Redirect")) return;
    if (response.status === 413) tell("That is more than the server takes", "make it shorter");
    else tell(`The server could not do this (${response.status})`);
  });
})();
