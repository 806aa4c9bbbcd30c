//! One load by wrk: written as its script, read as numbers, refused when an answer was bad.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::counted::Counted;
use super::load::Part;
use super::process::{cpu_seconds, memory_bytes};
use super::sample::Sample;

/// Connections that ask at the same time.
pub(crate) const CONNECTIONS: usize = 32;

/// The loads that a contender can take.
pub(crate) type Requests = Vec<(Part, Request)>;

/// What a load asks for, again and again.
#[derive(Clone, Default)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    /// JSON to post; nothing is a GET.
    pub(crate) body: Option<String>,
    /// When set, the path is `prefix` and a number from 1 to this, by chance.
    pub(crate) random: Option<(String, u64)>,
    /// Milliseconds that each connection rests between an answer and its next request.
    pub(crate) pause_ms: u64,
    /// So many connections instead of [`CONNECTIONS`].
    pub(crate) connections: Option<usize>,
}

impl Request {
    pub(crate) fn get(url: String) -> Self {
        Self {
            url,
            ..Self::default()
        }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.headers
            .push(("Authorization".to_owned(), format!("Bearer {token}")));
        self
    }

    /// Instead of one path: the prefix and a number from 1 to the last.
    pub(crate) fn at_random(self, prefix: &str, last: u64) -> Self {
        Self {
            random: Some((prefix.to_owned(), last)),
            ..self
        }
    }

    /// The same at a pace that leaves everybody's cores half idle, so that the rate is equal.
    pub(crate) fn paced(self) -> Self {
        Self {
            pause_ms: 2,
            ..self
        }
    }

    /// The same by so many clients.
    pub(crate) fn by(self, clients: usize) -> Self {
        Self {
            connections: Some(clients),
            ..self
        }
    }

    pub(crate) fn posting(self, body: &serde_json::Value) -> Self {
        Self {
            body: Some(body.to_string()),
            ..self
        }
    }
}

/// The tail of every script: one line that is JSON.
const DONE: &str = r#"
done = function(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('counted {"count":%d,"duration_us":%d,"p50_us":%.1f,"p99_us":%.1f,"bad":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), bad))
end
"#;

/// Loads for some seconds; the cost is that of the processes named.
pub(crate) fn load(
    request: &Request,
    seconds: u64,
    place: &Path,
    processes: &[u32],
) -> Result<Sample> {
    let path = place.join("load.lua");
    std::fs::write(&path, script(request))
        .with_context(|| format!("writing {}", path.display()))?;
    let before = cpu_seconds(processes);
    let mut wrk = Command::new("wrk");
    wrk.args([
        "-t1",
        "--timeout",
        "30s",
        "-d",
        &format!("{seconds}s"),
        "-c",
        &request.connections.unwrap_or(CONNECTIONS).to_string(),
        "-s",
    ]);
    let child = wrk
        .arg(&path)
        .arg(&request.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let child = child.context("starting wrk")?;
    sleep(Duration::from_millis(seconds * 750));
    let memory = memory_bytes(processes);
    let output = String::from_utf8(child.wait_with_output()?.stdout)?;
    let cpu = cpu_seconds(processes) - before;
    let counted = counted(&output).with_context(|| format!("loading {}", request.url))?;
    Ok(counted.sample(cpu, memory))
}

fn script(request: &Request) -> String {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| format!("wrk.headers[{name:?}] = {value:?}"));
    let mut lines: Vec<String> = headers.collect();
    if let Some(body) = &request.body {
        lines.push(
            "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\""
                .to_owned(),
        );
        lines.push(format!("wrk.body = {body:?}"));
    }
    if let Some((prefix, last)) = &request.random {
        lines.push(format!(
            "request = function() return wrk.format(nil, {prefix:?} .. math.random(1, {last})) end"
        ));
    }
    if request.pause_ms > 0 {
        lines.push(format!(
            "delay = function() return {} end",
            request.pause_ms
        ));
    }
    lines.push(DONE.to_owned());
    lines.join("\n")
}

fn counted(output: &str) -> Result<Counted> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("counted "));
    let counted = Counted::read(line.with_context(|| format!("wrk said: {output}"))?)?;
    ensure!(!output.contains("Non-2xx"), "wrk said: {output}");
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Running 1s test\n  1 threads\ncounted {\"count\":1000,\"duration_us\":2000000,\"p50_us\":900.0,\"p99_us\":4000.0,\"bad\":0}\n";

    #[test]
    fn figures_are_read() {
        let sample = counted(GOOD).expect("it is good").sample(0.5, 7);
        assert_eq!(
            (
                sample.per_second,
                sample.cpu_us,
                sample.p50_ms,
                sample.p99_ms
            ),
            (500.0, 500.0, 0.9, 4.0)
        );
    }

    #[test]
    fn failures_are_no_figures() {
        assert!(counted(&GOOD.replace("\"bad\":0", "\"bad\":3")).is_err());
        assert!(counted(&format!("{GOOD}  Non-2xx or 3xx responses: 3\n")).is_err());
        assert!(counted("unable to connect").is_err());
    }

    #[test]
    fn a_script_posts_what_was_asked() {
        let headers = vec![("Authorization".to_owned(), "Bearer x".to_owned())];
        let body = Some(r#"{"a":"b"}"#.to_owned());
        let script = script(&Request {
            headers,
            body,
            ..Request::default()
        });
        assert!(
            script.contains("wrk.headers[\"Authorization\"] = \"Bearer x\""),
            "{script}"
        );
        assert!(script.contains(r#"wrk.body = "{\"a\":\"b\"}""#), "{script}");
        assert!(script.contains("done = function"));
    }
}
