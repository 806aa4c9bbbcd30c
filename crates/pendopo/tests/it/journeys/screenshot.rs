//! Pictures of the pages, for people to look at.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::browser::Browser;

impl Browser {
    /// A picture of what the screen shows now.
    #[track_caller]
    pub(crate) fn photograph(&self, name: &str) {
        let picture = self.chrome("Page.captureScreenshot", &json!({"format": "png"}));
        save(name, picture["data"].as_str().unwrap_or_default());
    }

    /// A picture of the whole page, below the screen's edge too.
    #[track_caller]
    pub(crate) fn photograph_whole(&self, name: &str) {
        let parameters = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.chrome("Page.captureScreenshot", &parameters);
        save(name, picture["data"].as_str().unwrap_or_default());
    }
}

/// The pictures that the documents show. Building with `KEEP_SCREENSHOTS=1` in the environment makes the
/// journeys take them anew; `pngquant --ext .png --force docs/screenshots/*.png` then makes them small.
const KEPT: [&str; 6] = [
    "board",
    "board-phone-dark",
    "sign-in",
    "users",
    "audit",
    "status-dark",
];

fn save(name: &str, data: &str) {
    let picture = STANDARD.decode(data).expect("a picture comes in base64");
    assert!(picture.starts_with(b"\x89PNG"), "{name} is no picture");
    let is_kept = option_env!("KEEP_SCREENSHOTS").is_some() && KEPT.contains(&name);
    for folder in iter::once(passing()).chain(is_kept.then(kept)) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), &picture).unwrap();
    }
}

/// `target/screenshots`.
fn passing() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target
        .expect("Cargo's folder for tests lies in its target folder")
        .join("screenshots")
}

/// `docs/screenshots`.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots")
}
