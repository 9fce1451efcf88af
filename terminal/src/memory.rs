//! How much memory is left for another session: the container's limit if there is one, else the
//! machine's. Unknown counts as enough.

use std::fs;

/// A shell with a modest program needs about this much; below it, starting one endangers the others.
const LEAST: u64 = 48 * 1024 * 1024;

/// What is left, if it is too little for another session.
pub(crate) fn shortage() -> Option<u64> {
    let number = |path: &str| {
        fs::read_to_string(path)
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    let group = |limit: &str, used: &str, stat: &str| {
        let limit = number(limit)?;
        // The page cache gives way when memory is needed.
        let cache = fs::read_to_string(stat).map_or(0, |stat| inactive_file(&stat));
        Some(limit.saturating_sub(number(used)?.saturating_sub(cache)))
    };
    let left = [
        group(
            "/sys/fs/cgroup/memory.max",
            "/sys/fs/cgroup/memory.current",
            "/sys/fs/cgroup/memory.stat",
        ),
        group(
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "/sys/fs/cgroup/memory/memory.stat",
        ),
        fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| available(&text)),
    ];
    left.into_iter()
        .flatten()
        .min()
        .filter(|left| *left < LEAST)
}

fn inactive_file(stat: &str) -> u64 {
    stat.lines()
        .find_map(|line| {
            let (name, value) = line.split_once(' ')?;
            matches!(name, "inactive_file" | "total_inactive_file").then(|| value.parse().ok())?
        })
        .unwrap_or(0)
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

    #[test]
    fn the_kernels_formats_are_read() {
        let meminfo = "MemTotal:  100 kB\nMemFree: 3 kB\nMemAvailable:     2048 kB\n";
        assert_eq!(available(meminfo), Some(2048 * 1024));
        assert_eq!(inactive_file("anon 5\ninactive_file 4096\n"), 4096);
    }
}
