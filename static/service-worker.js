// Here because the seed app serves one; no page registers it. It keeps nothing: the pages are fast,
// and always fresh.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
