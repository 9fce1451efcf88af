//! What `dotenv` takes for an assignment, and what becomes of the rest.

use proptest::prelude::*;

use super::*;

fn set(text: &str) -> String {
    let mut env = Dotenv::read(Some(text));
    env.set("KEY", "fresh");
    assert_eq!(env.get("KEY"), Some("fresh"));
    env.write()
}

#[test]
fn a_value_is_set_where_it_stands_and_without_quotes() {
    for (old, new) in [
        ("", "KEY=fresh\n"),
        ("A=1", "A=1\nKEY=fresh\n"),
        ("KEY=old\nA=1\n", "KEY=fresh\nA=1\n"),
        ("KEY=fresh # mine\n", "KEY=fresh # mine\n"),
        (
            "export KEY = \"old\" # mine\n",
            "export KEY = fresh # mine\n",
        ),
        ("KEY='fresh'\r\nA=1\r\n", "KEY=fresh\r\nA=1\r\n"),
        ("KEY=\"two\nlines\"\nA=1\n", "KEY=fresh\nA=1\n"),
        ("KEY=\"open\nA=1\n", "KEY=fresh\nA=1\n"),
        ("KEY=\nA=1\n", "KEY=fresh\nA=1\n"),
        ("KEY=a\nKEY=b\n", "KEY=fresh\nKEY=fresh\n"),
        ("# KEY=old\n", "# KEY=old\nKEY=fresh\n"),
        ("A=\"\nKEY=inner\n\"\n", "A=\"\nKEY=inner\n\"\nKEY=fresh\n"),
        ("MY_KEY=1\nKEY2=2\r\n", "MY_KEY=1\nKEY2=2\r\nKEY=fresh\n"),
        ("\u{feff}A=ü\r\n", "\u{feff}A=ü\r\nKEY=fresh\r\n"),
        ("export\nexport KEY\n", "export\nexport KEY\nKEY=fresh\n"),
    ] {
        assert_eq!(set(old), new, "{old:?}");
        assert_eq!(set(new), new, "twice: {old:?}");
    }
}

#[test]
fn a_key_is_removed_with_its_line() {
    let mut env = Dotenv::read(Some("A=1\nKEY=\"x\ny\" # z\nB=2\n"));
    env.remove("KEY");
    assert_eq!(env.write(), "A=1\nB=2\n");
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_again(text in "\\PC*(\n|\r\n|[A-C]=|\"|'|#|\\PC){0,20}") {
        prop_assert_eq!(Dotenv::read(Some(&text)).write(), text);
    }

    #[test]
    fn setting_a_key_loses_no_other_line(lines in prop::collection::vec("[A-E]{1,2}=[a-z \"#']{0,6}|#[ a-z]*|", 0..8)) {
        let text = lines.join("\n");
        let once = set(&text);
        prop_assert_eq!(&set(&once), &once);
        let (old, new) = (Dotenv::read(Some(&text)), Dotenv::read(Some(&once)));
        for line in old.assignments() {
            prop_assert_eq!(new.get(&line.key), old.get(&line.key));
        }
    }
}
