//! How the lines of many files are kept: in chunks, so that one file is read without the others, and a thousand
//! small ones are not a thousand rows.

use super::{FileEntry, FileKind, Fold, RawFile, fold, patch};

/// A chunk ends when it has so many bytes; a longer diff has one of its own.
const CHUNK: usize = 256 * 1024;

/// Files without their lines, and the chunks that hold those.
#[must_use]
pub fn shelve(files: &[RawFile]) -> (Vec<FileEntry>, Vec<Vec<u8>>) {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let entries = files
        .iter()
        .map(|file| {
            let (rows, additions, deletions) = patch::count(&file.diff);
            let fold = fold::fold(file, rows);
            let kept = if Fold::has_lines(fold) && rows > 0 { file.diff.as_bytes() } else { &[] };
            let place = put(&mut chunks, kept);
            FileEntry {
                path: if file.deleted { &file.old_path } else { &file.new_path }.clone(),
                old_path: (file.renamed && file.old_path != file.new_path).then(|| file.old_path.clone()),
                kind: kind(file),
                additions,
                deletions,
                rows: i64::try_from(rows).unwrap_or(i64::MAX),
                fold,
                print: if Fold::has_lines(fold) { patch::print(&file.diff) } else { None },
                place,
            }
        })
        .collect();
    (entries, chunks)
}

fn kind(file: &RawFile) -> FileKind {
    if file.deleted {
        FileKind::Deleted
    } else if file.added {
        FileKind::Added
    } else if file.renamed {
        FileKind::Renamed
    } else {
        FileKind::Modified
    }
}

/// Puts bytes into the last chunk that has room; returns the chunk's number, where they begin and how many they are.
fn put(chunks: &mut Vec<Vec<u8>>, bytes: &[u8]) -> (usize, usize, usize) {
    if bytes.is_empty() {
        return (0, 0, 0);
    }
    if chunks.last().is_none_or(|last| last.len() + bytes.len() > CHUNK) {
        chunks.push(Vec::new());
    }
    let number = chunks.len() - 1;
    let chunk = &mut chunks[number];
    let start = chunk.len();
    chunk.extend_from_slice(bytes);
    (number, start, bytes.len())
}

/// The diff of a file out of its chunk; `None` if the chunk does not fit.
#[must_use]
pub fn take(chunk: &[u8], entry: &FileEntry) -> Option<String> {
    let (_, start, length) = entry.place;
    let bytes = chunk.get(start..start.checked_add(length)?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_comes_back_from_its_chunk() {
        let file = |path: String, diff: String| RawFile {
            old_path: path.clone(),
            new_path: path,
            diff,
            ..RawFile::default()
        };
        let mut files: Vec<RawFile> = (0..300)
            .map(|n| file(format!("f{n}"), format!("@@ -1 +1 @@\n+{}\n", "x".repeat(n * 10))))
            .collect();
        files.push(file("long".into(), format!("@@ -1 +1 @@\n{}", "+line\n".repeat(60_000 / 2))));
        files.push(file("none".into(), String::new()));
        let (entries, chunks) = shelve(&files);
        assert!(chunks.len() > 1);
        for (entry, file) in entries.iter().zip(&files) {
            if entry.place.2 > 0 {
                assert_eq!(take(&chunks[entry.place.0], entry).as_deref(), Some(file.diff.as_str()));
            }
        }
        assert_eq!(entries[301].place, (0, 0, 0));
        assert_eq!(take(b"short", &entries[5]), None);
    }
}
