//! Groups in a folder that looks like the kernel's.

use tempfile::tempdir;

use super::*;

const LIMITS: fn() -> Limits = || Limits {
    cores: 2,
    cpus: "0-1".to_owned(),
    memory_bytes: 512 << 20,
};

fn check(root: &Path, files: &[(&str, &str)]) {
    let group = Group::make_below(root, "size", &LIMITS()).unwrap();
    for (path, value) in files {
        assert_eq!(
            fs::read_to_string(root.join(path)).unwrap(),
            *value,
            "{path}"
        );
    }
    std::mem::forget(group);
}

#[test]
fn the_second_version_has_one_folder() {
    let root = tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), "cpuset cpu memory").unwrap();
    let files = [
        ("size/cpu.max", "200000 100000"),
        ("size/memory.max", "536870912"),
        ("size/cpuset.cpus", "0-1"),
        ("cgroup.subtree_control", "+cpu +cpuset +memory"),
    ];
    check(root.path(), &files);
}

#[test]
fn the_first_version_has_a_folder_for_each_controller() {
    let root = tempdir().unwrap();
    fs::create_dir(root.path().join("cpuset")).unwrap();
    fs::write(root.path().join("cpuset/cpuset.mems"), "0\n").unwrap();
    // A machine may have the second version beside it, with no controller to give.
    fs::write(root.path().join("cgroup.controllers"), "").unwrap();
    let files = [
        ("cpu/size/cpu.cfs_quota_us", "200000"),
        ("memory/size/memory.limit_in_bytes", "536870912"),
        ("cpuset/size/cpuset.mems", "0"),
    ];
    check(root.path(), &files);
    assert!(root.path().join("cpuacct/size").is_dir());
}

#[test]
fn a_machine_without_controllers_is_told_so() {
    let root = tempdir().unwrap();
    assert!(Group::make_below(root.path(), "size", &LIMITS()).is_err());
}

#[test]
fn what_was_used_is_read_in_both_versions() {
    let folder = tempdir().unwrap();
    fs::write(
        folder.path().join("cpu.stat"),
        "usage_usec 5\nuser_usec 4\n",
    )
    .unwrap();
    assert_eq!(used(folder.path()), Some(Duration::from_micros(5)));
    fs::write(folder.path().join("cpuacct.usage"), "7000\n").unwrap();
    assert_eq!(used(folder.path()), Some(Duration::from_micros(7)));
}

#[test]
fn a_command_is_put_into_its_group_with_its_words_place_and_variables() {
    let (group, place) = (tempdir().unwrap(), tempdir().unwrap());
    let group = Group {
        folders: vec![group.path().to_owned()],
    };
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ $GREETING > said", "two words"]);
    command.current_dir(place.path()).env("GREETING", "halo");
    let status = group.around(&command).status().unwrap();
    assert!(status.success());
    let (entered, said) = (
        fs::read_to_string(group.folders[0].join("cgroup.procs")).unwrap(),
        fs::read_to_string(place.path().join("said")).unwrap(),
    );
    assert_eq!(said, format!("{} halo\n", entered.trim()));
}
