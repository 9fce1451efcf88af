//! A keeper that speaks versions 1 and 2 of its frames, for tests.

mod keeper;

fn main() -> std::process::ExitCode {
    keeper::main(&[1, 2])
}
