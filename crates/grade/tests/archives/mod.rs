//! Folders and archives for tests, including broken and hostile archives.
#![allow(dead_code, reason = "each test uses a part of this module")]

use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The modification time of every entry of a tar archive, in seconds since 1970.
pub(crate) const TIME: i64 = 1_700_000_000;

/// Creates a folder with these files.
pub(crate) fn folder(path: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(path).unwrap();
    for (name, text) in files {
        let file = path.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

/// A zip archive with these files.
pub(crate) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(*path, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip archive with these files of any content.
pub(crate) fn zip_bytes(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(*path, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip archive with a file, and with this number of empty files in a folder.
pub(crate) fn zip_of_entries(name: &str, folder: &str, number: usize) -> Vec<u8> {
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, stored).unwrap();
    for index in 0..number {
        writer.start_file(format!("{folder}/{index}"), stored).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A tar archive with these files.
pub(crate) fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, text) in files {
        bytes.extend(entry(path, b'0', text.as_bytes(), ""));
    }
    bytes.extend([0; 1024]);
    bytes
}

/// A tar archive with these files, compressed by gzip.
pub(crate) fn tgz(files: &[(&str, &str)]) -> Vec<u8> {
    gzip(&tar(files))
}

/// A tar archive with one entry of any name and type.
pub(crate) fn raw_tar(name: &str, kind: u8, content: &[u8], link: &str) -> Vec<u8> {
    let mut bytes = entry(name, kind, content, link);
    bytes.extend([0; 1024]);
    bytes
}

/// A zip archive with a symbolic link.
pub(crate) fn linked_zip() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("src/l.rs", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A zip archive with two entries of the same name.
pub(crate) fn zip_with_duplicates() -> Vec<u8> {
    replace(zip(&[("src/a.rs", "x"), ("src/b.rs", "y")]), b"src/b.rs", b"src/a.rs")
}

/// A zip archive whose two entries share the same bytes.
pub(crate) fn overlapping_zip() -> Vec<u8> {
    let mut bytes = zip(&[("src/a.rs", "x"), ("src/b.rs", "x")]);
    let second = offsets(&bytes, b"PK\x01\x02")[1];
    // Replace the offset of the second entry's local header by the offset of the first entry's
    // local header (APPNOTE.TXT, 4.3.12).
    bytes[second + 42..second + 46].fill(0);
    bytes
}

/// A zip archive with an entry that is marked as encrypted.
pub(crate) fn encrypted_zip() -> Vec<u8> {
    let mut bytes = zip(&[("src/a.rs", "x")]);
    for (signature, flags) in [(b"PK\x01\x02", 8), (b"PK\x03\x04", 6)] {
        let start = offsets(&bytes, signature)[0];
        bytes[start + flags] |= 1;
    }
    bytes
}

/// A zip64 archive whose end record claims this number of entries.
pub(crate) fn zip_that_claims(entries: u64) -> Vec<u8> {
    let mut bytes = zip(&[("src/a.rs", "x")]);
    let end = offsets(&bytes, b"PK\x05\x06")[0];
    let start = offsets(&bytes, b"PK\x01\x02")[0] as u64;
    let size = end as u64 - start;
    let mut large = b"PK\x06\x06".to_vec();
    large.extend(44_u64.to_le_bytes());
    large.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [entries, entries, size, start] {
        large.extend(number.to_le_bytes());
    }
    large.extend(b"PK\x06\x07\0\0\0\0");
    large.extend((end as u64).to_le_bytes());
    large.extend(1_u32.to_le_bytes());
    bytes[end + 8..end + 12].fill(0xff);
    bytes.splice(end..end, large);
    bytes
}

/// A zip archive whose content does not match its checksum.
pub(crate) fn damaged_zip() -> Vec<u8> {
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("src/a.rs", stored).unwrap();
    writer.write_all(b"original").unwrap();
    replace(writer.finish().unwrap().into_inner(), b"original", b"replaced")
}

/// A small archive with a file of 1100 MiB that no lesson needs. Each MiB is a member of its own
/// (RFC 1952, section 2.2), so that only one of them has to be compressed.
pub(crate) fn bomb_tgz() -> Vec<u8> {
    let mut bytes = gzip(&header("target/x", b'0', 1100 << 20, ""));
    let member = gzip(&vec![0; 1 << 20]);
    (0..1100).for_each(|_| bytes.extend(&member));
    bytes
}

/// A small archive with ten files of 6 MiB.
pub(crate) fn bomb_zip() -> Vec<u8> {
    let zeros = "\0".repeat(6 << 20);
    let names: Vec<_> = (0..10).map(|number| format!("src/{number}.rs")).collect();
    zip(&names.iter().map(|name| (name.as_str(), zeros.as_str())).collect::<Vec<_>>())
}

/// A tar archive with a sparse file that claims a size of 2 GiB.
pub(crate) fn sparse_tar() -> Vec<u8> {
    let mut block = header("src/a.rs", b'S', 0, "");
    block[257..265].copy_from_slice(b"ustar  \0");
    block[386..398].copy_from_slice(b"20000000000\0");
    block[398..410].copy_from_slice(b"00000000000\0");
    block[483..495].copy_from_slice(b"20000000000\0");
    sign(&mut block);
    let mut bytes = block.to_vec();
    bytes.extend([0; 1024]);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn entry(name: &str, kind: u8, content: &[u8], link: &str) -> Vec<u8> {
    let mut bytes = header(name, kind, content.len(), link).to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A ustar header (tar(5)).
fn header(name: &str, kind: u8, size: usize, link: &str) -> [u8; 512] {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[136..148].copy_from_slice(format!("{TIME:011o}\0").as_bytes());
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    sign(&mut block);
    block
}

fn sign(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn offsets(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(wanted)).collect()
}

fn replace(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    for start in offsets(&bytes, old) {
        bytes[start..start + new.len()].copy_from_slice(new);
    }
    bytes
}
