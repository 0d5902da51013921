//! How bodies of calls are packed: LZ4's block format behind the length in four bytes, little-endian.
//!
//! A call's JSON repeats itself (the project stands in it three times), and calls repeat each other; what
//! is not written is neither waited for nor copied at a checkpoint.

use super::DbError;

/// Nothing stored is longer, whatever its length prefix says.
const LONGEST: usize = 256 * 1024 * 1024;

/// Packs bytes for the store.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(bytes)
}

/// The bytes again.
///
/// # Errors
/// [`DbError::Corrupt`].
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, DbError> {
    let told = packed.first_chunk::<4>().map_or(usize::MAX, |length| u32::from_le_bytes(*length) as usize);
    if told > LONGEST {
        return Err(DbError::Corrupt("packed bytes with a wrong length".into()));
    }
    lz4_flex::block::decompress_size_prepended(packed)
        .map_err(|error| DbError::Corrupt(format!("packed bytes that cannot be unpacked ({error})")))
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn what_was_packed_is_the_same_byte_for_byte() {
        for body in [&b""[..], b"{}", &[0xff; 70_000], "é\u{0}x".as_bytes()] {
            assert_eq!(unpack(&pack(body)).expect("unpacks"), body);
        }
        assert!(unpack(b"\xff\xff\xff\x7fshort").is_err());
        assert!(unpack(b"\x09").is_err());
    }
}
