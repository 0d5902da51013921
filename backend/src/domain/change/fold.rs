//! Which files are not shown unasked.

use serde::{Deserialize, Serialize};

use super::RawFile;

/// More rows are shown on request only.
const LARGE: usize = 1_000;
/// More rows are not kept: nobody reads them in a browser.
const ROWS_MAX: usize = 50_000;
/// A longer diff is not kept, in bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why a file's lines are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fold {
    /// Made by a program.
    Generated,
    /// Many lines.
    Large,
    /// Not text.
    Binary,
    /// Larger than GitLab or this service show.
    TooLarge,
}

impl Fold {
    /// Whether there are lines that can be shown.
    #[must_use]
    pub const fn has_lines(fold: Option<Self>) -> bool {
        match fold {
            None | Some(Fold::Generated | Fold::Large) => true,
            Some(Fold::Binary | Fold::TooLarge) => false,
        }
    }
}

/// Why a file with so many rows is folded.
#[must_use]
pub fn fold(file: &RawFile, rows: usize) -> Option<Fold> {
    if file.left_out || rows > ROWS_MAX || file.diff.len() > BYTES_MAX {
        Some(Fold::TooLarge)
    } else if is_binary(file, rows) {
        Some(Fold::Binary)
    } else if file.generated || looks_generated(&file.new_path) {
        Some(Fold::Generated)
    } else if rows > LARGE {
        Some(Fold::Large)
    } else {
        None
    }
}

/// GitLab says `Binary files a/x and b/x differ`, or nothing at all.
fn is_binary(file: &RawFile, rows: usize) -> bool {
    const ENDINGS: [&str; 22] = [
        "png", "jpg", "jpeg", "gif", "ico", "webp", "avif", "bmp", "pdf", "zip", "gz", "tgz", "xz", "jar",
        "woff", "woff2", "ttf", "otf", "mp3", "mp4", "exe", "so",
    ];
    if rows > 0 {
        return false;
    }
    let told = file.diff.starts_with("Binary files ") || file.diff.starts_with("GIT binary patch");
    let pure_rename = file.renamed && file.diff.is_empty();
    let ending = file.new_path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    told || (!pure_rename && !file.mode_changed && ending.is_some_and(|one| ENDINGS.contains(&one.as_str())))
}

/// Lock files and minified code, which GitLab marks only since its version 16.9.
fn looks_generated(path: &str) -> bool {
    const NAMES: [&str; 16] = [
        "Cargo.lock",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "Gemfile.lock",
        "Pipfile.lock",
        "poetry.lock",
        "uv.lock",
        "composer.lock",
        "go.sum",
        "flake.lock",
        "mix.lock",
        "Podfile.lock",
        "packages.lock.json",
    ];
    const ENDINGS: [&str; 7] = [".min.js", ".min.css", ".js.map", ".css.map", ".pb.go", "_pb2.py", ".snap"];
    let name = path.rsplit('/').next().unwrap_or(path);
    NAMES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, diff: &str) -> RawFile {
        RawFile { old_path: path.into(), new_path: path.into(), diff: diff.into(), ..RawFile::default() }
    }

    #[test]
    fn files_are_folded_for_what_they_are() {
        assert_eq!(fold(&file("src/main.rs", "@@"), 1_000), None);
        assert_eq!(fold(&file("src/main.rs", "@@"), 1_001), Some(Fold::Large));
        assert_eq!(fold(&file("a/Cargo.lock", "@@"), 5), Some(Fold::Generated));
        assert_eq!(fold(&file("app.min.js", "@@"), 5), Some(Fold::Generated));
        let told = RawFile { generated: true, ..file("x.go", "@@") };
        assert_eq!(fold(&told, 2_000), Some(Fold::Generated));
        assert_eq!(fold(&file("logo", "Binary files a/logo and b/logo differ\n"), 0), Some(Fold::Binary));
        assert_eq!(fold(&file("logo.PNG", ""), 0), Some(Fold::Binary));
        let renamed = RawFile { renamed: true, ..file("logo.png", "") };
        assert_eq!(fold(&renamed, 0), None, "only its path changed");
        assert_eq!(fold(&file("empty.rs", ""), 0), None);
        let left_out = RawFile { left_out: true, ..file("big.json", "") };
        assert_eq!(fold(&left_out, 0), Some(Fold::TooLarge));
        assert_eq!(fold(&file("x.rs", "@@"), 50_001), Some(Fold::TooLarge));
    }
}
