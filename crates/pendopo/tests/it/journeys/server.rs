//! The real binary with a school of its own.

use tempfile::TempDir;

/// A server that was just set up, as its operator sees it; it ends with this value.
pub(crate) struct Server {
    process: crate::server::Server,
    /// Where its pages are, over HTTPS.
    pub(crate) root: String,
    /// What the operator reads at the first start.
    pub(crate) one_time_password: String,
    _directory: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        // The limit that everybody has: a browser must get along with it.
        let words = ["web.time_zone=WIB", "edge.limit.rate=20r/s"];
        let words: Vec<_> = words.iter().flat_map(|word| ["--set", word]).collect();
        let process = crate::server::Server::start(directory.path(), &words);
        Self {
            root: format!("https://{}", process.https_address()),
            one_time_password: after(process.welcome(), "one-time password"),
            process,
            _directory: directory,
        }
    }
}

/// The first line with text after the one that ends in `mark`.
fn after(text: &str, mark: &str) -> String {
    let rest = text.lines().skip_while(|line| !line.ends_with(mark));
    let mut texts = rest.skip(1).map(str::trim).filter(|line| !line.is_empty());
    texts
        .next()
        .expect("the server prints a one-time password")
        .to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.process.log());
        }
    }
}
