//! A keeper that speaks version 1 of its frames, for tests.

mod keeper;

fn main() -> std::process::ExitCode {
    keeper::main(&[1])
}
