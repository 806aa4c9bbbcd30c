//! What can be reached through a folder, whichever way the kernel allows.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;

use proptest::prelude::{prop, prop_assert, proptest};
use tempfile::TempDir;

use super::*;

/// A folder `root` beside a `secret` file and folder, with links to and fro.
fn ground() -> TempDir {
    let ground = tempfile::tempdir().unwrap();
    let at = |name: &str| ground.path().join(name);
    fs::create_dir_all(at("root/sub/deep")).unwrap();
    fs::create_dir(at("outside")).unwrap();
    for (name, text) in [
        ("secret", "secret"),
        ("outside/file", "secret"),
        ("root/file", "open"),
        ("root/sub/file", "open"),
        ("root/sub/deep/file", "open"),
    ] {
        fs::write(at(name), text).unwrap();
    }
    for (target, link) in [
        ("../secret", "root/out"),
        ("../outside", "root/outside"),
        ("/etc", "root/etc"),
        ("/proc/self/root", "root/magic"),
        ("file", "root/in"),
        ("../file", "root/sub/in"),
        ("sub", "root/folder"),
        ("loop", "root/loop"),
        ("../../secret", "root/sub/out"),
    ] {
        symlink(target, at(link)).unwrap();
    }
    ground
}

fn roots(ground: &TempDir) -> [Root; 2] {
    let now = Instant::now();
    let root = || Root::new(&ground.path().join("root"), now).unwrap();
    let kernel = root();
    assert_eq!(kernel.way, Way::Kernel, "this kernel has openat2");
    let mut steps = root();
    steps.way = Way::Steps;
    [kernel, steps]
}

fn read(root: &Root, path: &str) -> Result<String, Errno> {
    let directory = root.directory(Instant::now()).unwrap();
    let mut text = String::new();
    let mut file = root.open(&directory, Path::new(path), Patience::Any)?;
    file.read_to_string(&mut text).map_err(|_| Errno::ISDIR)?;
    Ok(text)
}

#[test]
fn files_are_reached_and_nothing_outside_is() {
    let ground = ground();
    for root in roots(&ground) {
        for path in ["file", "sub/file", "sub/deep/file"] {
            assert_eq!(read(&root, path).as_deref(), Ok("open"), "{path}");
        }
        for path in [
            "out",
            "outside/file",
            "etc/passwd",
            "magic/etc/passwd",
            "sub/out",
            "loop",
            "../secret",
            "sub/../../secret",
            "/etc/passwd",
            "folder/out",
            "sub/in/x",
            "file/x",
        ] {
            assert!(read(&root, path).is_err(), "{path} through {:?}", root.way);
        }
    }
}

#[test]
fn links_that_stay_inside_are_followed_where_the_kernel_confines() {
    let ground = ground();
    let [kernel, steps] = roots(&ground);
    for path in ["in", "sub/in", "folder/file", "folder/deep/file"] {
        assert_eq!(read(&kernel, path).as_deref(), Ok("open"), "{path}");
        assert!(read(&steps, path).is_err(), "{path}");
    }
}

#[test]
fn a_folder_that_is_replaced_is_seen_after_a_while() {
    let ground = ground();
    let [root, _] = roots(&ground);
    fs::rename(ground.path().join("root"), ground.path().join("old")).unwrap();
    let now = Instant::now();
    assert!(root.directory(now).is_ok());
    let later = now + KEPT * 2;
    assert!(root.directory(later).is_err());
    fs::create_dir(ground.path().join("root")).unwrap();
    fs::write(ground.path().join("root/file"), "new").unwrap();
    let directory = root.directory(later).unwrap();
    let file = root.open(&directory, Path::new("file"), Patience::Any);
    assert_eq!(io::read_to_string(file.unwrap()).unwrap(), "new");
}

proptest! {
    #[test]
    fn no_path_reads_the_secret(parts in prop::collection::vec(prop::sample::select(vec![
        "..", ".", "", "out", "outside", "etc", "magic", "in", "sub", "deep", "folder", "file", "secret", "loop",
    ]), 1..8)) {
        let path = parts.join("/");
        let ground = ground();
        for root in roots(&ground) {
            prop_assert!(read(&root, &path).as_deref() != Ok("secret"), "{path} through {:?}", root.way);
        }
    }
}
