// The little that htmx does not do. Without this file the site works the same.
(() => {
  // The list items around what had the focus, and the link that opened the form it was in, to find a place for it when
  // what had it is gone.
  let item, neighbour, opener;

  document.addEventListener("htmx:before:swap", () => {
    item = document.activeElement?.closest("li[id]");
    opener = document.activeElement?.closest("form[id]")?.id.replace(/_form$/, "");
    neighbour = item?.nextElementSibling ?? item?.previousElementSibling;
  });

  // A reader with a keyboard stays where they were: in the item, else in the next one, else at the list's heading.
  document.addEventListener("htmx:after:swap", () => {
    if (!item || document.activeElement !== document.body) return;
    const link = document.getElementById(opener);
    if (link) return link.focus();
    const list = (neighbour ?? item).closest("section, details") ?? document.querySelector("#comments, #sessions");
    const place = document.getElementById(item.id) ?? (neighbour?.isConnected ? neighbour : list?.querySelector("h2"));
    item = neighbour = undefined;
    if (!place) return;
    place.tabIndex = -1;
    place.focus();
  });

  // A comment that was put at the end of others, as its reader wanted: they see it.
  document.addEventListener("htmx:after:settle", event => {
    const { task, newContent } = event.detail;
    if (task?.swapSpec?.style === "beforeend") newContent?.forEach(added => added.scrollIntoView?.({ block: "nearest" }));
  });

  // The second click of a double one is meant for what was there at the first: by now there may be an emptied form,
  // or the button that destroys the next comment.
  document.addEventListener("click", event => {
    if (event.detail < 2 || !event.target.closest("button, [hx-get]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // A browser may keep the page for who goes back to it: what was told here has been heard.
  addEventListener("pagehide", () => document.getElementById("flash").replaceChildren());

  // No answer came, which does not mean that nothing was done: the page says so where answers are told.
  document.addEventListener("htmx:error", () => {
    const sentence = document.createElement("p");
    sentence.className = "flash alert";
    sentence.role = "alert";
    sentence.textContent = "No answer came from the server. Reload the page to see whether it was done.";
    document.getElementById("flash").replaceChildren(sentence);
  });
})();
