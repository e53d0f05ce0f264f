//! The manifest as an ELF note, which the host reads before it loads the plugin (`binade/abi/note.h`). Built at compile
//! time.

/// The contents of `.note.binade`; N is the manifest's length padded to four bytes.
#[repr(C)]
pub struct Note<const N: usize> {
    name_size: u32,
    desc_size: u32,
    kind: u32,
    owner: [u8; 8],
    magic: [u8; 8],
    version: u32,
    abi_major: u32,
    abi_minor: u32,
    length: u32,
    crc32: u32,
    text: [u8; N],
}

/// The length of a manifest with its padding.
pub const fn padded(text: &str) -> usize {
    (text.len() + 3) / 4 * 4
}

const fn crc32(text: &[u8]) -> u32 {
    let mut crc = !0u32;
    let mut at = 0;
    while at < text.len() {
        crc ^= text[at] as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (!(crc & 1)).wrapping_add(1));
            bit += 1;
        }
        at += 1;
    }
    !crc
}

/// The note of a manifest: `const N` is `padded(text)`.
pub const fn note<const N: usize>(text: &str) -> Note<N> {
    let bytes = text.as_bytes();
    let mut padded = [0; N];
    let mut at = 0;
    while at < bytes.len() {
        padded[at] = bytes[at];
        at += 1;
    }
    Note {
        name_size: 7,
        desc_size: 28 + bytes.len() as u32,
        kind: 1,
        owner: *b"Binade\0\0",
        magic: *b"BINADE01",
        version: 1,
        abi_major: crate::abi::ABI_MAJOR,
        abi_minor: crate::abi::ABI_MINOR,
        length: bytes.len() as u32,
        crc32: crc32(bytes),
        text: padded,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn crc32_is_that_of_gzip() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}
