//! A reader with a browser: their actions, the content of the page, and the browser's messages.

use std::cell::{RefCell, RefMut};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use headless_chrome::protocol::cdp::types::Method;
use headless_chrome::protocol::cdp::{Emulation, Fetch, Input, Log, Network, Page, Runtime, Target};
use headless_chrome::{Browser, LaunchOptions};
use lorem_news::site::config::Config;
use serde_json::Value;

use crate::devtools::{DevTools, Events};
use crate::harness::{Answer, Raw, Site, TIMEOUT, eventually};

/// The width of a desktop window, in CSS pixels.
pub const WIDE: u32 = 1000;
/// The narrowest width that the site supports, in CSS pixels (WCAG 2.2, 1.4.10).
pub const NARROW: u32 = 320;
/// The password of every user here.
pub const PASSWORD: &str = "correct horse";

/// The browser and the site that concurrent tests share: starting a browser takes longer than most tests.
struct SharedBrowser {
    browser: Browser,
    devtools: Mutex<DevTools>,
    site: Arc<Site>,
}

/// Weak, since a static is never dropped, and Chromium would outlive the tests.
static SHARED: Mutex<Weak<SharedBrowser>> = Mutex::new(Weak::new());

fn shared_browser() -> Arc<SharedBrowser> {
    let mut shared = lock(&SHARED);
    shared.upgrade().unwrap_or_else(|| {
        let (browser, site) = (browser(), Arc::new(Site::with(70, |_| {})));
        let devtools = Mutex::new(DevTools::connect(&browser.get_ws_url()));
        let shared_browser = Arc::new(SharedBrowser { browser, devtools, site });
        *shared = Arc::downgrade(&shared_browser);
        shared_browser
    })
}

/// Locks a mutex, also after a test has panicked with the lock held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn browser() -> Browser {
    // Chromium refuses its sandbox as root. It must make no network requests of its own.
    let arguments =
        ["--disable-background-networking", "--disable-quic", "--no-first-run", "--disable-component-update"];
    let options = LaunchOptions::default_builder()
        .path(Some(chromium()))
        .sandbox(false)
        .args(arguments.iter().map(OsStr::new).collect())
        .idle_browser_timeout(TIMEOUT * 10)
        .build()
        .expect("valid options");
    Browser::new(options).expect("Chromium starts")
}

fn chromium() -> PathBuf {
    let named = std::env::var_os("CHROME").map(PathBuf::from);
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let on_the_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .flat_map(|folder| known.map(|name| folder.join(name)))
            .find(|file| file.is_file())
    };
    named.or_else(on_the_path).expect("these tests need Chromium: run bin/test, or set CHROME")
}

/// A browser context with its own cookies, and one tab on one site. Dropping it panics when a page had a fault that
/// was not allowed.
pub struct Reader {
    pub site: Arc<Site>,
    tab: Target::TargetID,
    context: String,
    devtools: RefCell<DevTools>,
    allowed_faults: RefCell<Vec<&'static str>>,
    shared_browser: Arc<SharedBrowser>,
}

impl Reader {
    /// A reader on the shared site. A test may only change rows that it has created there.
    pub fn new() -> Reader {
        let shared_browser = shared_browser();
        Reader::on(Arc::clone(&shared_browser.site), shared_browser)
    }

    /// A reader on a new site.
    pub fn on_new_site() -> Reader {
        Reader::on_site_with(|_| {})
    }

    /// A reader on a new site with a configuration that `change` has adapted.
    pub fn on_site_with(change: impl FnOnce(&mut Config)) -> Reader {
        Reader::on(Arc::new(Site::with(70, change)), shared_browser())
    }

    /// A second reader on the same site.
    pub fn another(&self) -> Reader {
        Reader::on(Arc::clone(&self.site), Arc::clone(&self.shared_browser))
    }

    fn on(site: Arc<Site>, shared_browser: Arc<SharedBrowser>) -> Reader {
        let context = lock(&shared_browser.devtools).call(Target::CreateBrowserContext {
            dispose_on_detach: None,
            proxy_server: None,
            proxy_bypass_list: None,
            origins_with_universal_network_access: None,
        });
        let context = context.map(|context| context.browser_context_id).expect("a context opens");
        let tab = lock(&shared_browser.devtools).call(Target::CreateTarget {
            url: "about:blank".into(),
            browser_context_id: Some(context.clone()),
            left: None,
            top: None,
            width: None,
            height: None,
            window_state: None,
            enable_begin_frame_control: None,
            new_window: None,
            background: None,
            for_tab: None,
            hidden: None,
        });
        let tab = tab.expect("a tab opens").target_id;
        let address = shared_browser.browser.get_ws_url();
        let (address, _) = address.split_once("/browser/").expect("the browser's address");
        let devtools = RefCell::new(DevTools::connect(&format!("{address}/page/{tab}")));
        let reader =
            Reader { site, tab, context, devtools, allowed_faults: RefCell::default(), shared_browser };
        reader.call(Page::Enable { enable_file_chooser_opened_event: None });
        reader.call(Log::Enable(None));
        reader.call(Runtime::Enable(None));
        reader.call(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        });
        reader.call(Page::AddScriptToEvaluateOnNewDocument {
            source: WATCH.into(),
            world_name: None,
            include_command_line_api: None,
            run_immediately: None,
        });
        // Otherwise only one window has the focus.
        reader.call(Emulation::SetFocusEmulationEnabled { enabled: true });
        reader.set_width(WIDE);
        reader
    }

    fn call<M: Method + serde::Serialize + std::fmt::Debug>(&self, method: M) -> M::ReturnObject {
        self.devtools.borrow_mut().call(method).expect("Chromium does it")
    }

    /// Sets the width of the window, in CSS pixels.
    pub fn set_width(&self, width: u32) {
        // The layout shift is no fault of the page.
        self.try_evaluate("window.touched = true");
        self.call(Emulation::SetDeviceMetricsOverride {
            width,
            height: 800,
            device_scale_factor: 1.0,
            mobile: width < 500,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        });
    }

    /// Sets the preferred colour scheme: `light` or `dark`.
    pub fn set_colour_scheme(&self, scheme: &str) {
        let feature = Emulation::MediaFeature { name: "prefers-color-scheme".into(), value: scheme.into() };
        self.call(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) });
    }

    /// Shows the open page as it is printed. The next page is shown normally.
    pub fn emulate_print(&self) {
        // The layout shift is no fault of the page.
        self.try_evaluate("window.touched = true");
        self.call(Emulation::SetEmulatedMedia { media: Some("print".into()), features: None });
    }

    /// Shows the open page in forced colours, the high-contrast mode of some systems.
    pub fn emulate_forced_colours(&self) {
        let feature = Emulation::MediaFeature { name: "forced-colors".into(), value: "active".into() };
        self.call(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) });
    }

    /// Disables JavaScript.
    pub fn disable_javascript(&self) {
        self.call(Emulation::SetScriptExecutionDisabled { value: true });
    }

    /// Disconnects the network, or reconnects it.
    pub fn set_offline(&self, offline: bool) {
        self.call(Network::EmulateNetworkConditions {
            offline,
            latency: 0.0,
            download_throughput: -1.0,
            upload_throughput: -1.0,
            connection_Type: None,
            packet_loss: None,
            packet_queue_length: None,
            packet_reordering: None,
        });
    }

    /// From now on holds back the answers to the scripts' requests: the server has sent them, the page waits.
    pub fn hold_answers(&self) {
        self.hold(Fetch::RequestStage::Response);
    }

    fn hold(&self, stage: Fetch::RequestStage) {
        let pattern = Fetch::RequestPattern {
            url_pattern: None,
            resource_Type: Some(Network::ResourceType::Fetch),
            request_stage: Some(stage),
        };
        self.call(Fetch::Enable { patterns: Some(vec![pattern]), handle_auth_requests: None });
        // Chromium says that it holds requests back a moment before it does.
        eventually("a request is held back", || {
            self.evaluate("window.through = false; void fetch('/robots.txt').then(() => through = true)");
            eventually("a request is held back or not", || {
                let is_through = self.evaluate("through") == true;
                (is_through || !self.events().held.is_empty()).then_some(())
            });
            (!self.events().held.is_empty()).then_some(())
        });
        self.release_one();
        self.wait("through");
    }

    /// Waits until this number of answers is held back.
    pub fn held(&self, number: usize) {
        eventually("the browser holds answers back", || {
            self.evaluate("1");
            (self.events().held.len() == number).then_some(())
        });
    }

    /// Lets the first of the answers that are held back reach the page.
    pub fn release_one(&self) {
        let request_id = self.events().held.remove(0);
        self.call(Fetch::ContinueRequest {
            request_id,
            url: None,
            method: None,
            post_data: None,
            headers: None,
            intercept_response: None,
        });
    }

    /// Lets all answers reach the page, and holds no more back.
    pub fn release(&self) {
        while !self.events().held.is_empty() {
            self.release_one();
        }
        self.call(Fetch::Disable(None));
    }

    /// Runs `action`, whose request is answered in place of the server, as a proxy does.
    pub fn answer_instead(&self, status: u32, headers: &[(&str, &str)], body: &str, action: impl FnOnce()) {
        self.hold(Fetch::RequestStage::Request);
        action();
        self.held(1);
        let request_id = self.events().held.remove(0);
        let headers = headers
            .iter()
            .map(|(name, value)| Fetch::HeaderEntry { name: (*name).into(), value: (*value).into() });
        self.call(Fetch::FulfillRequest {
            request_id,
            response_code: status,
            response_headers: Some(headers.collect()),
            binary_response_headers: None,
            body: Some(self.string(&format!("btoa({body:?})"))),
            response_phrase: None,
        });
        self.call(Fetch::Disable(None));
    }

    /// Allows faults that contain this text, since the test provokes them.
    pub fn allow_fault(&self, text: &'static str) {
        self.allowed_faults.borrow_mut().push(text);
    }

    /// The faults so far, without the allowed ones.
    pub fn faults(&self) -> Vec<String> {
        self.events().debug_message.clear();
        self.evaluate("console.debug('that is all')");
        eventually("the browser has reported everything", || {
            self.evaluate("1");
            (self.events().debug_message == "that is all").then_some(())
        });
        let allowed_faults = self.allowed_faults.borrow();
        self.events().faults.retain(|fault| !allowed_faults.iter().any(|text| fault.contains(text)));
        self.events().faults.clone()
    }

    pub fn events(&self) -> RefMut<'_, Events> {
        RefMut::map(self.devtools.borrow_mut(), DevTools::events)
    }

    /// The addresses of all pages so far.
    pub fn addresses(&self) -> Vec<String> {
        self.events().addresses.clone()
    }

    /// Signs up a new user by a request outside the browser. Returns the name.
    pub fn sign_in(&self) -> String {
        static PEOPLE: AtomicU32 = AtomicU32::new(1);
        let name = format!("reader_{}", PEOPLE.fetch_add(1, Ordering::Relaxed));
        let form = format!("screen_name={name}&password={PASSWORD}&password_confirmation={PASSWORD}");
        let answer = post(&self.site, "/users", &form.replace(' ', "+"));
        let session = answer.session();
        self.call(Network::SetCookie {
            name: self.site.cookie_names.full("session"),
            value: session.into(),
            url: Some(format!("http://{}", self.site.address)),
            domain: None,
            path: None,
            secure: None,
            http_only: Some(true),
            same_site: None,
            expires: None,
            priority: None,
            same_party: None,
            source_scheme: None,
            source_port: None,
            partition_key: None,
        });
        name
    }

    /// Signs in as a user, by the form.
    pub fn sign_in_as(&self, name: &str) {
        self.open("/sign_in");
        self.fill("#screen_name", name);
        self.fill("#password", PASSWORD);
        self.follow("main button");
    }

    /// Creates a post by the form, and stays on its page. Returns its path.
    pub fn new_post(&self, title: &str) -> String {
        self.open("/posts/new");
        self.fill("#title", title);
        self.fill("#description", "What there is to say about it.");
        self.follow("main button");
        let path = self.path();
        assert!(path.starts_with("/posts/"), "{path}: {}", self.text("main"));
        path
    }

    /// Opens a path of the site.
    pub fn open(&self, path: &str) {
        let address = format!("http://{}{path}", self.site.address);
        self.await_navigation(|| {
            self.call(Page::Navigate {
                url: address,
                referrer: None,
                transition_Type: None,
                frame_id: None,
                referrer_policy: None,
            });
        });
    }

    /// Reloads the page.
    pub fn reload(&self) {
        self.await_navigation(|| {
            self.call(Page::Reload { ignore_cache: None, script_to_evaluate_on_load: None, loader_id: None });
        });
    }

    /// Goes back in the history.
    pub fn back(&self) {
        self.back_by(1);
    }

    /// Goes back in the history by this number of pages.
    pub fn back_by(&self, steps: i64) {
        self.await_navigation(|| {
            self.call(self.step(-steps));
        });
    }

    /// Goes forward in the history.
    pub fn forward(&self) {
        self.await_navigation(|| {
            self.call(self.step(1));
        });
    }

    fn step(&self, step: i64) -> Page::NavigateToHistoryEntry {
        let history = self.call(Page::GetNavigationHistory(None));
        let place = usize::try_from(i64::from(history.current_index) + step).expect("a history entry");
        Page::NavigateToHistoryEntry { entry_id: history.entries[place].id }
    }

    /// Clicks an element with the mouse, and waits for the next page.
    pub fn follow(&self, selector: &str) {
        self.await_navigation(|| self.click(selector));
    }

    /// Presses a key, and waits for the next page.
    pub fn follow_by_key(&self, key: &str) {
        self.await_navigation(|| self.press(key));
    }

    /// Runs `action`, and waits until another page has loaded.
    pub fn await_navigation(&self, action: impl FnOnce()) {
        let page = || {
            let page = self.try_evaluate(
                "document.readyState === 'complete' && !window.isLeaving && performance.timeOrigin",
            );
            page.filter(Value::is_number)
        };
        let before = page();
        action();
        eventually("another page loads", || page().filter(|page| Some(page) != before.as_ref()));
    }

    /// Clicks an element with the mouse, which needs no JavaScript in the page.
    pub fn click(&self, selector: &str) {
        let place = self.place(selector);
        self.click_at(place, 1);
    }

    /// Destroys the comment with this number: asks for the button, and presses it.
    pub fn destroy_comment(&self, number: &str) {
        self.ask_to_destroy(number);
        self.click(&format!("#confirm_{number}"));
    }

    /// Opens the button that destroys the comment with this number.
    pub fn ask_to_destroy(&self, number: &str) {
        self.click(&format!("#destroy_{number}"));
        self.wait(&format!("document.querySelector('#confirm_{number}') !== null"));
        // The focus that the swap keeps may scroll the page.
        self.settle();
    }

    /// Clicks twice without a pause.
    pub fn double_click(&self, selector: &str) {
        let place = self.place(selector);
        self.click_at(place, 1);
        self.click_at(place, 2);
    }

    /// Scrolls to an element and waits until it can be clicked. Returns its centre.
    pub fn place(&self, selector: &str) -> (f64, f64) {
        let script = format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                if (!element) return null;
                element.scrollIntoView({{block: 'center', behavior: 'instant'}});
                // A link on two lines has two boxes.
                const box = element.getClientRects()[0];
                if (!box) return null;
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
            }})()"
        );
        eventually(&format!("{selector} can be clicked"), || {
            let place = self.try_evaluate(&script)?;
            Some((place.get(0)?.as_f64()?, place.get(1)?.as_f64()?))
        })
    }

    /// Clicks a position. `count` is the number of the click in a double click.
    pub fn click_at(&self, (x, y): (f64, f64), count: u32) {
        use Input::DispatchMouseEventTypeOption::{MouseMoved, MousePressed, MouseReleased};
        for kind in [MouseMoved, MousePressed, MouseReleased] {
            let button = (kind != MouseMoved).then_some(Input::MouseButton::Left);
            self.call(Input::DispatchMouseEvent {
                Type: kind,
                x,
                y,
                click_count: button.as_ref().map(|_| count),
                button,
                modifiers: None,
                timestamp: None,
                buttons: None,
                force: None,
                tangential_pressure: None,
                tilt_x: None,
                tilt_y: None,
                twist: None,
                delta_x: None,
                delta_y: None,
                pointer_Type: None,
            });
        }
    }

    /// Presses `Tab`, `Enter`, or the space bar for any other name; `Shift+Tab` goes back.
    pub fn press(&self, key: &str) {
        use Input::DispatchKeyEventTypeOption::{KeyDown, KeyUp, RawKeyDown};
        const SHIFT: u32 = 8;
        let (key, modifiers) = key.strip_prefix("Shift+").map_or((key, None), |key| (key, Some(SHIFT)));
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, None),
            "Enter" => ("Enter", 13, Some("\r")),
            _ => ("Space", 32, Some(" ")),
        };
        for kind in [if text.is_some() { KeyDown } else { RawKeyDown }, KeyUp] {
            self.call(Input::DispatchKeyEvent {
                Type: kind,
                key: Some(key.into()),
                code: Some(code.into()),
                text: text.map(str::to_owned),
                windows_virtual_key_code: Some(number),
                native_virtual_key_code: Some(number),
                modifiers,
                timestamp: None,
                unmodified_text: None,
                key_identifier: None,
                auto_repeat: None,
                is_keypad: None,
                is_system_key: None,
                location: None,
                commands: None,
            });
        }
    }

    /// Presses the key of a character with modifiers: 1 for Alt, 2 for Ctrl, 4 for Meta, 8 for Shift.
    pub fn type_key(&self, key: char, modifiers: u32) {
        use Input::DispatchKeyEventTypeOption::{KeyDown, KeyUp};
        for kind in [KeyDown, KeyUp] {
            self.call(Input::DispatchKeyEvent {
                text: (kind == KeyDown && modifiers != 2).then(|| key.into()),
                Type: kind,
                key: Some(key.into()),
                code: None,
                windows_virtual_key_code: Some(key.to_ascii_uppercase().into()),
                native_virtual_key_code: None,
                modifiers: Some(modifiers),
                timestamp: None,
                unmodified_text: None,
                key_identifier: None,
                auto_repeat: None,
                is_keypad: None,
                is_system_key: None,
                location: None,
                commands: None,
            });
        }
    }

    /// Presses Tab until an element has the focus. Panics when the focus is invisible on the way.
    pub fn tab_to(&self, selector: &str) {
        for _ in 0..200 {
            self.press("Tab");
            assert_eq!(self.evaluate(FOCUS_IS_VISIBLE), true, "{} on the way to {selector}", self.focus());
            if self.evaluate(&format!("document.activeElement.matches({selector:?})")) == true {
                return;
            }
        }
        panic!("Tab does not lead to {selector}");
    }

    /// Replaces the text of the focused field.
    pub fn type_over(&self, text: &str) {
        self.evaluate("document.activeElement.select()");
        self.insert(text);
    }

    /// Types into the focused field.
    pub fn insert(&self, text: &str) {
        self.call(Input::InsertText { text: text.into() });
    }

    /// Replaces the text of a field.
    pub fn fill(&self, selector: &str, text: &str) {
        self.click(selector);
        self.type_over(text);
        assert_eq!(self.value(selector), text);
    }

    /// The value of a script. Waits while a page loads.
    pub fn evaluate(&self, script: &str) -> Value {
        eventually("the page runs a script", || self.try_evaluate(script))
    }

    /// The value of a script; `None` while a page loads.
    pub fn try_evaluate(&self, script: &str) -> Option<Value> {
        let evaluated = self.devtools.borrow_mut().call(Runtime::Evaluate {
            expression: script.into(),
            return_by_value: Some(true),
            await_promise: Some(true),
            object_group: None,
            include_command_line_api: None,
            silent: None,
            context_id: None,
            generate_preview: None,
            user_gesture: None,
            throw_on_side_effect: None,
            timeout: None,
            disable_breaks: None,
            repl_mode: None,
            allow_unsafe_eval_blocked_by_csp: None,
            unique_context_id: None,
            serialization_options: None,
        });
        let evaluated = evaluated.ok()?;
        if let Some(exception) = evaluated.exception_details {
            let what = exception.exception.and_then(|exception| exception.description);
            // A page that loads has no complete body.
            let is_coming = self.try_evaluate("!document.body || document.readyState === 'loading'");
            assert!(is_coming == Some(true.into()), "{script}: {what:?}");
            return None;
        }
        Some(evaluated.result.value.unwrap_or(Value::Null))
    }

    /// Waits until the value of a script is true.
    pub fn wait(&self, script: &str) {
        eventually(script, || (self.try_evaluate(script)? == true).then_some(()));
    }

    /// Waits until the page shows the responses to all its requests. A test calls it before it asserts that
    /// nothing has changed.
    pub fn settle(&self) {
        self.evaluate(
            "(async () => {
                await fetch(location.href);
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
            })()",
        );
        self.wait("document.querySelector('.htmx-request') === null");
    }

    /// Waits until an element has this text.
    pub fn wait_text(&self, selector: &str, text: &str) {
        self.wait(&format!("document.querySelector({selector:?})?.innerText.trim() === {text:?}"));
    }

    /// The text of the first matching element; empty when there is none.
    pub fn text(&self, selector: &str) -> String {
        self.string(&format!("document.querySelector({selector:?})?.innerText.trim() ?? ''"))
    }

    /// The bylines and texts of a discussion. A page that is loaded anew has more links between comments.
    pub fn said(&self) -> String {
        self.string(
            "[...document.querySelectorAll('#comments h2, [id^=said_]')].map(e => e.innerText).join('|')",
        )
    }

    /// The value of a field.
    pub fn value(&self, selector: &str) -> String {
        self.string(&format!("document.querySelector({selector:?}).value"))
    }

    /// The number of matching elements.
    pub fn count(&self, selector: &str) -> u64 {
        self.evaluate(&format!("document.querySelectorAll({selector:?}).length")).as_u64().expect("a number")
    }

    /// The path of the page.
    pub fn path(&self) -> String {
        self.string("location.pathname")
    }

    /// The text of the flash; empty without one.
    pub fn flash(&self) -> String {
        self.text("#flash[role=status]")
    }

    /// The id of the focused element, or its tag name.
    pub fn focus(&self) -> String {
        self.string("document.activeElement.id || document.activeElement.tagName")
    }

    fn string(&self, script: &str) -> String {
        self.evaluate(script).as_str().unwrap_or_else(|| panic!("{script} is not a string")).into()
    }

    /// Marks the page. The mark is lost when another page loads.
    pub fn mark(&self) {
        self.evaluate("window.marked = true");
    }

    /// Whether the page is still the marked one.
    pub fn is_marked(&self) -> bool {
        self.evaluate("window.marked === true") == true
    }

    /// Panics unless this is a full page, not a fragment.
    pub fn assert_full_page(&self) {
        for part in
            ["body > header.site-header", "#flash", "main h1", "body > footer", "link[rel=stylesheet]"]
        {
            assert_eq!(self.count(part), 1, "{part} at {}: {}", self.path(), self.text("body"));
        }
        assert_eq!(self.count("hx-partial"), 0);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let faults = self.faults();
        let mut devtools = lock(&self.shared_browser.devtools);
        let closed = devtools.call(Target::CloseTarget { target_id: self.tab.clone() });
        let disposed =
            devtools.call(Target::DisposeBrowserContext { browser_context_id: self.context.clone() });
        assert!(closed.is_ok() && disposed.is_ok(), "{closed:?}, {disposed:?}");
        assert!(faults.is_empty(), "the browser reported faults: {faults:#?}");
    }
}

/// Sends a form without the headers of a browser, which a page of another site cannot do.
fn post(site: &Site, path: &str, form: &str) -> Answer {
    let mut raw = Raw::connect(site.address);
    let (host, length) = (raw.host(), form.len());
    raw.send(format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{form}"
    ));
    raw.answer()
}

/// Runs before any script of a page, and reports layout shifts before the first input. Later, the speed of the
/// machine decides whether a shift counts as a response to the input.
const WATCH: &str = "
    // A page that the browser kept is left again at once when it is fetched anew.
    navigation.addEventListener('navigate', ({navigationType}) => window.isLeaving = navigationType === 'reload');
    window.shift = 0;
    window.touched = false;
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => touched = true, true);
    // A page that arrives in pieces pushes down its end: the footer, and the shadow under the card, which has
    // no node or one that is called ::after.
    const ends = ({node}) => !node || node.nodeName.startsWith('::')
        || (node.closest ? node : node.parentElement)?.closest('footer');
    // Like the browser's score of an entry: the share of the window that a node moved through, times the distance.
    const weight = ({previousRect: from, currentRect: to}) => {
        const width = Math.max(from.right, to.right) - Math.min(from.left, to.left);
        const height = Math.max(from.bottom, to.bottom) - Math.min(from.top, to.top);
        const distance = Math.max(Math.abs(from.x - to.x), Math.abs(from.y - to.y));
        return width * height / (innerWidth * innerHeight) * distance / Math.max(innerWidth, innerHeight);
    };
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) {
            if (touched) continue;
            // An empty box was, or is, outside the window.
            const seen = ({previousRect: from, currentRect: to}) => from.width && to.width;
            const moved = entry.sources.filter(source => seen(source) && !ends(source));
            shift += Math.min(entry.value, moved.reduce((sum, source) => sum + weight(source), 0));
            // The links of a guest's menu, which ends at the right, shift by less when the last link arrives.
            if (shift < 0.01) continue;
            const what = moved.map(({node, previousRect: from, currentRect: to}) =>
                `${node?.outerHTML ?? node?.data} from ${JSON.stringify(from)} to ${JSON.stringify(to)}`);
            console.error(`${location} moved by ${shift}: ${what.join('; ')}`);
        }
    }).observe({type: 'layout-shift', buffered: true});
";

/// Whether an element has the focus, and the focus is visible.
const FOCUS_IS_VISIBLE: &str = "(() => {
    const focused = document.activeElement;
    const box = focused.getBoundingClientRect();
    return focused !== document.body && focused.matches(':focus-visible')
        && getComputedStyle(focused).outlineStyle === 'solid'
        && box.bottom > 0 && box.top < innerHeight;
})()";
