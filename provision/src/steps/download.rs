//! One file from a release: fetched piece by piece, no larger and no slower than it may be, and good only if its bytes come
//! to the checksum that was known or that the release says.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use bowline_outward::Error;
use bowline_outward::files::Fetcher;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::home::unwritable;
use super::tools::{Checksum, is_sum};
use crate::graph::Again;
use crate::run::{Failed, Job};

/// Longest time without a piece.
const SILENCE: Duration = Duration::from_secs(30);
/// Largest file, bytes: several times the largest of those that are fetched.
const LARGEST: u64 = 512 << 20;
/// Largest list of checksums, bytes.
const LARGEST_LIST: u64 = 1 << 20;
/// So much between two lines about how far it is.
const TOLD: u64 = 8 << 20;

/// Fetches a file to a path, and fails if it is not what it should be; what lies at the path then is nobody's to use.
pub(super) async fn fetch(
    job: &Job,
    url: &str,
    checksum: &Checksum,
    to: &Path,
) -> Result<(), Failed> {
    let fetcher = Fetcher::new(SILENCE).map_err(|error| Failed::for_good(error.to_string()))?;
    let wanted = match checksum {
        Checksum::Known(sum) => sum.clone(),
        Checksum::At(list) => {
            let text = job.unless_stopped(read(&fetcher, list)).await??;
            let name = url.rsplit('/').next().unwrap_or(url);
            sum_of(&text, name)
                .ok_or_else(|| Failed::for_good(format!("{list} has no checksum of {name}")))?
        }
    };
    job.say(&format!("GET {url}")).await;
    let found = job.unless_stopped(save(job, &fetcher, url, to)).await??;
    match found == wanted {
        true => {
            job.say("its checksum is right").await;
            Ok(())
        }
        false => Err(Failed::for_now(format!(
            "{url} is not what it should be: its checksum is {found}, expected {wanted}"
        ))),
    }
}

async fn save(job: &Job, fetcher: &Fetcher, url: &str, to: &Path) -> Result<String, Failed> {
    let no = |error: Error| failed(url, &error);
    let mut file = fetcher.open(&address(url)?, LARGEST).await.map_err(no)?;
    let length = file.length();
    let mut out = BufWriter::new(File::create_new(to).map_err(unwritable)?);
    let (mut sum, mut done, mut told) = (Sha256::new(), 0_u64, 0_u64);
    while let Some(piece) = file.next().await.map_err(no)? {
        sum.update(&piece);
        out.write_all(&piece).map_err(unwritable)?;
        done += u64::try_from(piece.len()).unwrap_or_default();
        if done - told >= TOLD {
            told = done;
            let of = length.map(|length| format!(" of {}", length >> 20));
            job.say(&format!("{}{} MiB", done >> 20, of.unwrap_or_default()))
                .await;
        }
    }
    out.flush().map_err(unwritable)?;
    let sum = sum.finalize();
    Ok(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn read(fetcher: &Fetcher, url: &str) -> Result<String, Failed> {
    let no = |error: Error| failed(url, &error);
    let mut file = fetcher
        .open(&address(url)?, LARGEST_LIST)
        .await
        .map_err(no)?;
    let mut bytes = Vec::new();
    while let Some(piece) = file.next().await.map_err(no)? {
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn address(url: &str) -> Result<Url, Failed> {
    Url::parse(url).map_err(|error| Failed::for_good(format!("{url}: {error}")))
}

fn failed(url: &str, error: &Error) -> Failed {
    let again = match error {
        // Nobody has it, or nobody may.
        Error::Status(status) if status.is_client_error() => Again::Pointless,
        Error::TooLong(_) | Error::Client(_) => Again::Pointless,
        _ => Again::Worthwhile,
    };
    let instead = match error {
        Error::Unanswered(_) => "; --download-mirror names another place",
        _ => "",
    };
    Failed {
        message: format!("{url}: {error}{instead}"),
        again,
    }
}

/// The checksum of a file in a list: `SUM  NAME` or `SUM *NAME` a line, or a sum alone.
fn sum_of(list: &str, name: &str) -> Option<String> {
    let lines = || list.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut sums = lines().filter_map(|line| {
        let (sum, of) = line.split_once(char::is_whitespace)?;
        let of = of.trim().trim_start_matches('*');
        let of = of.rsplit('/').next().unwrap_or(of);
        (of == name).then_some(sum)
    });
    let alone = match (lines().next(), lines().nth(1)) {
        (Some(line), None) => Some(line),
        _ => None,
    };
    let sum = sums.next().or(alone)?;
    is_sum(sum).then(|| sum.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_the_checksum_of_exactly_that_file() {
        let (one, two) = ("1a".repeat(32), "2B".repeat(32));
        let list = format!("{one}  other.tar.gz\n{two} *x.tar.gz\nno-sum  y.tar.gz\n");
        assert_eq!(sum_of(&list, "x.tar.gz"), Some(two.to_lowercase()));
        assert_eq!(sum_of(&list, "tar.gz"), None);
        assert_eq!(sum_of(&list, "y.tar.gz"), None);
        assert_eq!(sum_of(&format!("{one}\n"), "x.tar.gz"), Some(one.clone()));
        let list = format!("{one}  ./dist/x.tar.gz");
        assert_eq!(sum_of(&list, "x.tar.gz"), Some(one));
        assert_eq!(sum_of("", "x.tar.gz"), None);
    }
}
