//! The cases of the crate `http_desync_guardian`, read from the package as cargo unpacked it.

use std::fs;
use std::path::PathBuf;

use cargo_metadata::MetadataCommand;
use yaml_rust2::{Yaml, YamlLoader};

/// One request, and what the crate says of it.
pub(crate) struct Case {
    /// The file and the name in it.
    pub(crate) name: String,
    pub(crate) tier: String,
    pub(crate) reason: String,
    method: String,
    target: String,
    version: String,
    headers: Vec<(String, String)>,
}

/// What follows the empty line: for who reads chunks the end of the body and another request, for who reads a length
/// a part of the body.
const REST: &str = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: smuggled\r\n\r\n";
/// A body that is declared longer breaks off here.
const LONGEST: usize = 64 * 1024;

/// All cases, in the order of the files' names.
pub(crate) fn read() -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .expect("the package brings its cases")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    files.iter().flat_map(file).collect()
}

/// Where the package was unpacked.
fn folder() -> PathBuf {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .other_options(["--offline".to_owned(), "--locked".to_owned()])
        .exec()
        .expect("cargo knows the packages");
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "http_desync_guardian");
    let manifest = &package.expect("a package of these tests").manifest_path;
    manifest.with_file_name("tests").into()
}

fn file(path: &PathBuf) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let stem = path.file_stem().unwrap().to_string_lossy();
    let yaml = YamlLoader::load_from_str(&text).unwrap();
    let cases = yaml[0].as_vec().expect("a list of cases");
    cases.iter().map(|yaml| case(&stem, yaml)).collect()
}

fn case(file: &str, yaml: &Yaml) -> Case {
    let headers = yaml["headers"].as_vec().map_or(&[][..], Vec::as_slice);
    Case {
        name: format!("{file}: {}", scalar(&yaml["name"])),
        tier: scalar(&yaml["expected"]["tier"]),
        reason: scalar(&yaml["expected"]["reason"]),
        method: text(&yaml["method"]),
        target: text(&yaml["uri"]),
        version: text(&yaml["version"]),
        headers: headers
            .iter()
            .map(|header| (text(&header["name"]), text(&header["value"])))
            .collect(),
    }
}

fn scalar(yaml: &Yaml) -> String {
    yaml.as_i64()
        .map(|number| number.to_string())
        .or_else(|| yaml.as_str().map(str::to_owned))
        .unwrap_or_else(|| panic!("no text: {yaml:?}"))
}

/// A text in which escapes that the file's own quotes left alone are undone, as the crate's tests do.
fn text(yaml: &Yaml) -> String {
    let text = scalar(yaml);
    let mut characters = text.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => escaped(&mut characters),
            other => other,
        });
    }
    plain
}

fn escaped(characters: &mut std::str::Chars<'_>) -> char {
    match characters.next().expect("a character after a backslash") {
        'x' => {
            let digits: String = characters.by_ref().take(2).collect();
            char::from(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"))
        }
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

impl Case {
    /// The request as bytes: with a `Host`, which the cases leave out, with a body as long as it is declared, and then
    /// with what no server takes for a request, so that the connection ends.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let line = [&self.method, &self.target, &self.version];
        let line: Vec<&str> = line
            .into_iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        let host = (!self.has("host")).then(|| "Host: localhost".to_owned());
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| format!("{name}: {value}"));
        let lines = std::iter::once(line.join(" ")).chain(host).chain(headers);
        let text: String = lines
            .chain([String::new()])
            .flat_map(|line| [line, "\r\n".to_owned()])
            .collect();
        let mut bytes = latin(&text);
        let rest = self.declared().unwrap_or(REST.len()).min(LONGEST);
        bytes.extend(REST.bytes().chain(std::iter::repeat(b'x')).take(rest));
        bytes.extend(b"\0\r\n\r\n");
        bytes
    }

    /// Whether more is declared than is sent.
    pub(crate) fn breaks_off(&self) -> bool {
        self.declared().is_some_and(|length| length > LONGEST)
    }

    fn has(&self, name: &str) -> bool {
        let mut names = self.headers.iter().map(|header| &header.0);
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    /// What the first header that looks like a length says.
    fn declared(&self) -> Option<usize> {
        let mut headers = self.headers.iter();
        headers.find_map(|(name, value)| {
            let is_length = name.to_ascii_lowercase().contains("length");
            value.trim().parse().ok().filter(|_| is_length)
        })
    }
}

/// Characters up to U+00FF as one byte, as HTTP/1 reads them; others in UTF-8.
fn latin(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend(character.to_string().bytes()),
        }
    }
    bytes
}
