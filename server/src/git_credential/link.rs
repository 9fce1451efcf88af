//! The helper under a name by which git finds it (`credential.helper = databricks`): a link to this program, which knows by
//! that name what it is asked. A file of somebody else's is left alone.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

/// The name: git asks `git-credential-X` where `X` is configured.
pub const NAME: &str = "git-credential-databricks";
/// Where programs of the user's are, below the home.
const FOLDER: &str = ".local/bin";

/// Makes the link, or leads it to `program` if it leads to one of ours that has moved.
pub(crate) fn install(home: &Path, program: &Path) -> io::Result<()> {
    let folder = home.join(FOLDER);
    let link = folder.join(NAME);
    match fs::read_link(&link) {
        Ok(to) if to == program || to.file_name() != program.file_name() => return Ok(()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        // A file.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(()),
        Err(error) => return Err(error),
    }
    fs::create_dir_all(&folder)?;
    let beside = folder.join(format!(".{NAME}-{}", std::process::id()));
    symlink(program, &beside)?;
    fs::rename(&beside, &link).inspect_err(|_| drop(fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_follows_the_program_and_nobody_elses_is_touched() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join(FOLDER).join(NAME);
        for program in ["/opt/one/bowline", "/opt/two/bowline", "/opt/two/bowline"] {
            install(home.path(), Path::new(program)).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new(program));
        }
        assert_eq!(fs::read_dir(link.parent().unwrap()).unwrap().count(), 1);
        fs::remove_file(&link).unwrap();
        symlink("/opt/other/helper", &link).unwrap();
        install(home.path(), Path::new("/opt/two/bowline")).unwrap();
        assert_eq!(
            fs::read_link(&link).unwrap(),
            Path::new("/opt/other/helper")
        );
        fs::remove_file(&link).unwrap();
        fs::write(&link, "#!/bin/sh\n").unwrap();
        install(home.path(), Path::new("/opt/two/bowline")).unwrap();
        assert_eq!(fs::read_to_string(&link).unwrap(), "#!/bin/sh\n");
    }
}
