//! The program `approval-app`; everything is in the library.

fn main() -> std::process::ExitCode {
    approval_app::memory::give_large_pieces_back();
    approval_app::cli::run()
}
