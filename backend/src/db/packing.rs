//! How bodies of calls are packed: LZ4's block format behind the length in four bytes, little-endian.
//!
//! A call's JSON repeats itself (the project stands in it three times), and calls repeat each other; what
//! is not written is neither waited for nor copied at a checkpoint.

use super::DbError;

/// Nothing stored is longer, whatever its length prefix says.
const LONGEST: usize = 256 * 1024 * 1024;
/// Bytes of the length in front.
const PREFIX: usize = 4;

/// Packs bytes for the store.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(bytes)
}

/// The same into `room`, which grows if need be and may be used again for other bytes.
///
/// # Errors
/// [`DbError::Corrupt`] for more bytes than the length in front can say.
pub fn pack_into<'a>(bytes: &[u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], DbError> {
    let too_long = || DbError::Corrupt("bytes that cannot be packed".into());
    let length = u32::try_from(bytes.len()).map_err(|_| too_long())?;
    let needed = PREFIX + lz4_flex::block::get_maximum_output_size(bytes.len());
    if room.len() < needed {
        room.resize(needed, 0);
    }
    let (prefix, rest) = room.split_first_chunk_mut().ok_or_else(too_long)?;
    *prefix = length.to_le_bytes();
    let written = lz4_flex::block::compress_into(bytes, rest).map_err(|_| too_long())?;
    room.get(..PREFIX + written).ok_or_else(too_long)
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
    use super::{pack, pack_into, unpack};

    #[test]
    fn what_was_packed_is_the_same_byte_for_byte() {
        let mut room = Vec::new();
        for body in [&b""[..], b"{}", &[0xff; 70_000], "é\u{0}x".as_bytes()] {
            assert_eq!(unpack(&pack(body)).expect("unpacks"), body);
            assert_eq!(pack_into(body, &mut room).expect("packs"), pack(body));
        }
        assert!(unpack(b"\xff\xff\xff\x7fshort").is_err());
        assert!(unpack(b"\x09").is_err());
    }
}
