//! A browser as a person uses it: by labels, buttons and links, not by the page's inner names.

use serde_json::{Value, json};

use super::driver::Driver;

/// The key under which the driver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A screen.
pub(crate) enum Screen {
    Desk,
    Phone,
}

impl Screen {
    fn metrics(&self) -> Value {
        match self {
            Self::Desk => {
                json!({"width": 1200, "height": 800, "deviceScaleFactor": 1, "mobile": false})
            }
            Self::Phone => {
                json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true})
            }
        }
    }
}

/// One session of a browser.
pub(crate) struct Browser {
    driver: Driver,
    session: String,
    root: String,
}

impl Browser {
    /// A browser that knows nothing of `root` yet, and prefers these languages.
    pub(crate) fn open(root: &str, languages: &str, screen: &Screen) -> Self {
        let driver = Driver::start();
        let wish = driver.capabilities(languages, &screen.metrics());
        let session = driver
            .endpoint
            .command("POST", "/session", &wish)
            .expect("Chromium starts");
        let id = session["sessionId"].as_str().expect("a session has an id");
        let browser = Self {
            session: format!("/session/{id}"),
            driver,
            root: root.to_owned(),
        };
        browser.chrome("Emulation.setDeviceMetricsOverride", &screen.metrics());
        browser
    }

    /// Types the address of a page.
    pub(crate) fn visit(&self, path: &str) {
        self.post("/url", &json!({"url": format!("{}{path}", self.root)}));
    }

    /// Types into the field with this label, in place of what stood there.
    #[track_caller]
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let labelled = format!("//*[@id=//label[normalize-space()={}]/@for]", quoted(label));
        let field = self.find(&labelled);
        self.post(&format!("/element/{field}/clear"), &json!({}));
        self.post(&format!("/element/{field}/value"), &json!({"text": text}));
    }

    /// What stands in the field with this label.
    #[track_caller]
    pub(crate) fn value(&self, label: &str) -> String {
        let field = self.find(&format!(
            "//*[@id=//label[normalize-space()={}]/@for]",
            quoted(label)
        ));
        let value = self.get(&format!("/element/{field}/property/value"));
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Presses the first button with this text.
    #[track_caller]
    pub(crate) fn press(&self, text: &str) {
        self.click(&format!("//button[normalize-space()={}]", quoted(text)));
    }

    /// Presses the first button with this text in the list's or table's row that holds `row`.
    #[track_caller]
    pub(crate) fn press_in_row(&self, row: &str, text: &str) {
        let row = format!(
            "//*[self::tr or self::li][contains(normalize-space(), {})]",
            quoted(row)
        );
        self.click(&format!(
            "{row}//button[normalize-space()={}]",
            quoted(text)
        ));
    }

    /// Follows the first link with this text.
    #[track_caller]
    pub(crate) fn follow(&self, text: &str) {
        self.click(&format!("//a[normalize-space()={}]", quoted(text)));
    }

    /// Waits until the page holds this text.
    #[track_caller]
    pub(crate) fn see(&self, text: &str) {
        self.find(&format!(
            "//body//*[contains(normalize-space(), {})]",
            quoted(text)
        ));
    }

    /// Whether the page, as it is now, holds this text.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.run("return document.body.innerText")
            .as_str()
            .is_some_and(|page| page.contains(text))
    }

    /// The text of the element of this class.
    #[track_caller]
    pub(crate) fn text_of(&self, class: &str) -> String {
        let element = self.find(&format!(
            "//*[contains(concat(' ', @class, ' '), ' {class} ')]"
        ));
        let text = self.get(&format!("/element/{element}/text"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The path of the page.
    pub(crate) fn path(&self) -> String {
        let url = self.get("/url");
        url.as_str()
            .and_then(|url| url.strip_prefix(&self.root))
            .unwrap_or_default()
            .to_owned()
    }

    /// Runs a script as the driver: the page's own rules against scripts do not bind it.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs a script that calls back its last argument.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// Whether the person likes their screen `light` or `dark`; without motion, so that no colour is on its way.
    #[track_caller]
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.chrome("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// A command of Chromium's own protocol.
    #[track_caller]
    pub(crate) fn chrome(&self, command: &str, parameters: &Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            &json!({"cmd": command, "params": parameters}),
        )
    }

    #[track_caller]
    fn click(&self, xpath: &str) {
        let element = self.find(xpath);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// The driver itself waits until the element is there.
    #[track_caller]
    fn find(&self, xpath: &str) -> String {
        let wish = json!({"using": "xpath", "value": xpath});
        match self.command("POST", "/element", &wish) {
            Ok(found) => found[ELEMENT]
                .as_str()
                .expect("an element has an id")
                .to_owned(),
            Err(error) => panic!("{error}\nat {}:\n{}", self.path(), self.page()),
        }
    }

    fn page(&self) -> String {
        self.run("return document.body.innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        match self.command("POST", path, body) {
            Ok(value) => value,
            Err(error) => panic!("{path}: {error}"),
        }
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        match self.command("GET", path, &Value::Null) {
            Ok(value) => value,
            Err(error) => panic!("{path}: {error}"),
        }
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        self.driver
            .endpoint
            .command(method, &format!("{}{path}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium; if the driver is gone already, so is the browser.
        let _ = self.command("DELETE", "", &Value::Null);
    }
}

/// A text as a literal of `XPath` 1.0, which has no escapes.
fn quoted(text: &str) -> String {
    assert!(!text.contains('"'), "XPath cannot quote {text}");
    format!("\"{text}\"")
}
