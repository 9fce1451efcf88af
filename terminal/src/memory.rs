//! How much memory is left for another session: the tightest of the limits of our control group and of those
//! around it (cgroup v2 and v1), and of what the machine has. Unknown counts as enough.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A shell with a modest program needs about this much; below it, starting one endangers the others.
const LEAST: u64 = 48 * 1024 * 1024;

/// What is left, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    bytes: u64,
    /// The group's limit; `None` for the machine.
    limit: Option<u64>,
}

/// Why no further session may start, if memory doesn't suffice.
pub(crate) fn shortage() -> Option<Error> {
    refusal(left(Path::new("/"))?)
}

fn refusal(left: Left) -> Option<Error> {
    (left.bytes < LEAST).then_some(Error::Memory {
        available_mib: left.bytes >> 20,
        limit_mib: left.limit.map(|limit| limit >> 20),
    })
}

/// The files of one version of control groups.
struct Version {
    /// Where groups are, below the root.
    mount: &'static str,
    /// The line of `/proc/self/cgroup` that names our group, up to its path.
    line: fn(&str) -> Option<&str>,
    limit: &'static str,
    used: &'static str,
    cache: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        mount: "sys/fs/cgroup",
        line: |line| line.strip_prefix("0::"),
        limit: "memory.max",
        used: "memory.current",
        cache: "inactive_file",
    },
    Version {
        mount: "sys/fs/cgroup/memory",
        line: |line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let is_ours = fields.next()?.split(',').any(|name| name == "memory");
            fields.next().filter(|_| is_ours)
        },
        limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        cache: "total_inactive_file",
    },
];

/// The least that is left, by the files below a root.
fn left(root: &Path) -> Option<Left> {
    let own = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let machine = fs::read_to_string(root.join("proc/meminfo")).ok();
    let machine = machine
        .and_then(|text| available(&text))
        .map(|bytes| Left { bytes, limit: None });
    VERSIONS
        .iter()
        .flat_map(|version| {
            let groups = groups(&root.join(version.mount), version, &own);
            groups
                .into_iter()
                .filter_map(|group| in_group(&group, version))
        })
        .chain(machine)
        .min_by_key(|left| left.bytes)
}

/// Our group's folder and all around it. In a container the group's path may be one outside, which is not
/// there; the container's own group is then the outermost.
fn groups(mount: &Path, version: &Version, own: &str) -> Vec<PathBuf> {
    let path = own.lines().find_map(version.line).unwrap_or("/");
    Path::new(path.trim_start_matches('/'))
        .ancestors()
        .map(|group| mount.join(group))
        .collect()
}

fn in_group(group: &Path, version: &Version) -> Option<Left> {
    let number = |name: &str| {
        let text = fs::read_to_string(group.join(name)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    // Without a limit it is `max`, no number.
    let limit = number(version.limit)?;
    // The page cache gives way when memory is needed.
    let cache = fs::read_to_string(group.join("memory.stat"))
        .map_or(0, |stat| value(&stat, version.cache).unwrap_or(0));
    let used = number(version.used)?.saturating_sub(cache);
    Some(Left {
        bytes: limit.saturating_sub(used),
        limit: Some(limit),
    })
}

fn value(stat: &str, name: &str) -> Option<u64> {
    stat.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(' ')?;
        value.parse().ok()
    })
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A root with these files, and what is left by them.
    fn left_by(files: &[(&str, &str)]) -> Option<Left> {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        left(root.path())
    }

    const MACHINE: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:  2048000 kB\nMemFree: 3 kB\nMemAvailable:     1024000 kB\n",
    );

    #[test]
    fn without_groups_the_machine_counts() {
        let bytes = 1000 * MIB;
        assert_eq!(left_by(&[MACHINE]), Some(Left { bytes, limit: None }));
        assert_eq!(left_by(&[]), None);
    }

    #[test]
    fn the_tightest_group_around_us_counts() {
        let left = left_by(&[
            MACHINE,
            ("proc/self/cgroup", "0::/user.slice/bowline.service\n"),
            (
                "sys/fs/cgroup/user.slice/bowline.service/memory.max",
                "max\n",
            ),
            (
                "sys/fs/cgroup/user.slice/bowline.service/memory.current",
                "1048576\n",
            ),
            ("sys/fs/cgroup/user.slice/memory.max", "536870912\n"),
            ("sys/fs/cgroup/user.slice/memory.current", "534773760\n"),
            (
                "sys/fs/cgroup/user.slice/memory.stat",
                "anon 5\ninactive_file 4194304\n",
            ),
        ]);
        let expected = Left {
            bytes: 6 * MIB,
            limit: Some(512 * MIB),
        };
        assert_eq!(left, Some(expected));
    }

    #[test]
    fn the_older_groups_count_too_by_our_path_or_the_containers() {
        for (group, folder) in [("/docker/abc", ""), ("/", ""), ("/own", "own/")] {
            let own = format!("5:cpu:/\n4:hugetlb,memory:{group}\n0::/\n");
            let file = |name: &str| format!("sys/fs/cgroup/memory/{folder}{name}");
            let left = left_by(&[
                MACHINE,
                ("proc/self/cgroup", &own),
                (&file("memory.limit_in_bytes"), "104857600\n"),
                (&file("memory.usage_in_bytes"), "94371840\n"),
                (
                    &file("memory.stat"),
                    "inactive_file 0\ntotal_inactive_file 1048576\n",
                ),
            ]);
            let expected = Left {
                bytes: 11 * MIB,
                limit: Some(100 * MIB),
            };
            assert_eq!(left, Some(expected), "{group}");
        }
    }

    #[test]
    fn a_limit_that_is_none_does_not_count() {
        let left = left_by(&[
            MACHINE,
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "94371840\n"),
        ]);
        assert_eq!(left.expect("the machine").limit, None);
    }

    #[test]
    fn a_refusal_says_of_what_and_what_to_do() {
        let of = |bytes, limit| refusal(Left { bytes, limit }).map(|error| error.to_string());
        assert_eq!(of(LEAST, None), None);
        let machine = of(10 * MIB, None).expect("too little");
        assert!(
            machine.contains("10 MiB") && machine.contains("close a session"),
            "{machine}"
        );
        let group = of(10 * MIB, Some(512 * MIB)).expect("too little");
        assert!(
            group.contains("of 512 MiB") && group.contains("raise"),
            "{group}"
        );
    }
}
