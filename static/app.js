// Additions to htmx: focus, scrolling, double clicks, error messages. The site works without this file.
(() => {
  // The list items around the focused element, and the link that opened its form: where the focus goes if a
  // swap removes the element.
  let item, around, section, opener;

  document.addEventListener("htmx:before:swap", () => {
    item = document.activeElement?.closest("li[id]");
    opener = document.activeElement?.closest("form[id]")?.id.replace(/_form$/, "");
    section = item?.closest("section");
    around = [item?.nextElementSibling, item?.previousElementSibling];
    for (let outer = item; (outer = outer?.parentElement.closest("li[id]")); ) around.push(outer);
  });

  // Keeps the focus near its place: in the item, else in the next, previous or enclosing item, else at the
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

  // Shows a new comment, which is appended to others: opens folded replies around it and scrolls to it. A
  // top-level comment gets the focus, since its form is far away.
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

  // Ignores the second click of a double click: by then a swap may have put another element there, such as
  // the button that destroys the next comment.
  document.addEventListener("click", event => {
    if (event.detail < 2 || !event.target.closest("button, [hx-get]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // A second click on the link that opened a form focuses the form.
  document.addEventListener("click", event => {
    const link = event.target.closest("a[hx-get]");
    if (link) document.getElementById(`${link.id}_form`)?.querySelector("textarea").focus();
  });

  // A browser may restore the page when the reader goes back: the notice must not be shown again.
  addEventListener("pagehide", () => document.getElementById("flash").replaceChildren());

  // Shows an alert, which also says that typed text is not lost.
  const showAlert = (problem, advice = "try again in a moment") => {
    const sentence = document.createElement("p");
    sentence.className = "flash alert";
    sentence.role = "alert";
    const typed = [...document.querySelectorAll("textarea")].some(field => field.value);
    sentence.textContent = `${problem}${typed ? ". What you typed is still here" : ""}: ${advice}.`;
    document.getElementById("flash").replaceChildren(sentence);
  };

  // Without a response the change may have been made. Sending it again is safe: the site makes it once.
  for (const event of ["htmx:error", "keys:error"]) {
    document.addEventListener(event, () => showAlert("The server did not answer"));
  }

  // An error response without page changes and without a redirect is not the site's: it comes from the HTTP
  // server, which refused the request before the site saw it, or from a proxy.
  document.addEventListener("htmx:response:error", event => {
    const { text, response } = event.detail.ctx;
    if (text.includes("<hx-partial") || response.headers.has("HX-Redirect")) return;
    if (response.status === 413) showAlert("That is more than the server takes", "make it shorter");
    else showAlert(`The server could not do this (${response.status})`);
  });
})();
