//! A file on its way to a bucket and back, one part after the other: each request is short, however slow the line is and
//! however large the file, and no more than one part is in memory.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, MultipartUpload, ObjectStore, ObjectStoreExt};

use super::own;
use crate::archive::{Stage, Stages};

/// An upload has no more parts than 10,000.
const MOST_PARTS: u64 = 9_000;

/// How much one request moves, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Bytes; of an upload never fewer than 5 MiB, and more where the file would have too many parts.
    pub(super) part: u64,
    pub(super) request: Duration,
}

impl Pace {
    /// A line of 30 kB a second is fast enough: several parts at a time would each get a share of it.
    pub(super) const USUAL: Self = Self {
        part: 8 << 20,
        request: Duration::from_mins(5),
    };

    fn part_of(self, size: u64) -> u64 {
        size.div_ceil(MOST_PARTS).max(self.part)
    }
}

/// Sends a file; it is there as a whole or not at all.
pub(super) async fn send(
    store: &AmazonS3,
    pace: Pace,
    (file, key): (&Path, &Key),
    progress: Stages<'_>,
) -> Result<(), Error> {
    let mut input = File::open(file).map_err(own)?;
    let size = input.metadata().map_err(own)?.len();
    let part = pace.part_of(size);
    if size <= part {
        let whole = next(&mut input, part).map_err(own)?;
        return store.put(key, whole.into()).await.map(drop);
    }
    let tell = &mut |done| progress(Stage::Sending, done, size);
    let mut upload = store.put_multipart(key).await?;
    let sent = send_parts((&mut input, part), upload.as_mut(), tell).await;
    if sent.is_err() {
        // Parts of an upload that is given up would be paid for; what can't be reached now can't be asked to forget them.
        let _ = upload.abort().await;
    }
    sent
}

async fn send_parts(
    (input, part): (&mut File, u64),
    upload: &mut dyn MultipartUpload,
    tell: &mut dyn FnMut(u64),
) -> Result<(), Error> {
    let mut done = 0;
    loop {
        let content = next(input, part).map_err(own)?;
        if content.is_empty() {
            return upload.complete().await.map(drop);
        }
        done += content.len() as u64;
        upload.put_part(content.into()).await?;
        tell(done);
    }
}

/// As many bytes of the file as there are, up to this many.
fn next(input: &mut File, most: u64) -> io::Result<Vec<u8>> {
    let left = input
        .metadata()?
        .len()
        .saturating_sub(input.stream_position()?);
    let length = usize::try_from(left.min(most)).unwrap_or_default();
    let mut content = Vec::with_capacity(length);
    input.take(most).read_to_end(&mut content)?;
    Ok(content)
}

/// Writes what comes back.
pub(super) async fn fetch(
    store: &AmazonS3,
    pace: Pace,
    (key, into): (&Key, &mut dyn Write),
    progress: Stages<'_>,
) -> Result<(), Error> {
    let size = store.head(key).await?.size;
    let mut done = 0;
    while done < size {
        let end = size.min(done + pace.part);
        let range = GetOptions::new().with_range(Some(done..end));
        let mut content = store.get_opts(key, range).await?.into_stream();
        while let Some(piece) = content.next().await {
            into.write_all(&piece?).map_err(own)?;
        }
        done = end;
        progress(Stage::Fetching, done, size);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use testkit::{Buckets, Cable};

    use super::*;
    use crate::backup::bucket::Bucket;
    use crate::backup::bucket::tests::bucket_at;
    use crate::backup::note;

    /// Bytes that no two parts have in the same order.
    fn content(length: usize) -> Vec<u8> {
        (0_u32..).flat_map(u32::to_le_bytes).take(length).collect()
    }

    /// The file goes there, and comes back the same: its length and digest.
    fn kept(bucket: &Bucket, file: &Path, name: &str) -> (u64, String) {
        bucket.put(file, name, &mut |_, _, _| {}).unwrap();
        let sums = note::sum(file).unwrap();
        assert_eq!(bucket.sum(name, &mut |_, _, _| {}).unwrap(), sums);
        sums
    }

    #[test]
    fn a_large_file_has_no_more_parts_than_a_bucket_takes() {
        let pace = Pace::USUAL;
        assert_eq!(pace.part_of(1), 8 << 20);
        assert_eq!(pace.part_of(70 << 30), 8 << 20);
        let large = 1 << 40;
        assert!(large / pace.part_of(large) < 10_000);
    }

    #[test]
    fn a_file_goes_in_parts_and_comes_back_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let (file, back) = (directory.path().join("file"), directory.path().join("back"));
        let buckets = Buckets::with("school");
        let pace = Pace {
            part: 5 << 20,
            ..Pace::USUAL
        };
        let bucket = bucket_at(&buckets.url(), pace);
        // None, one, two with a short one, and two whole ones.
        for (place, length) in [0, 7, 6 << 20, 10 << 20].into_iter().enumerate() {
            let name = format!("file-{place}");
            fs::write(&file, content(length)).unwrap();
            let sums = kept(&bucket, &file, &name);
            bucket.get(&name, &back, &mut |_, _, _| {}).unwrap();
            assert_eq!(note::sum(&back).unwrap(), sums, "{length}");
            fs::remove_file(&back).unwrap();
        }
    }

    #[test]
    fn what_takes_longer_than_a_request_may_comes_back_over_a_slow_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, content(4 << 20)).unwrap();
        let buckets = Buckets::with("school");
        let cable = Cable::to(buckets.address());
        let pace = Pace {
            part: 512 << 10,
            request: Duration::from_secs(2),
        };
        let bucket = bucket_at(&format!("http://{}", cable.address()), pace);
        let sums = kept(&bucket_at(&buckets.url(), Pace::USUAL), &file, "file");
        // So 16 KiB take 10 ms at least, a part 0.3 s, and all of it 2.6 s.
        cable.delay(Duration::from_millis(10));
        let mut told = Vec::new();
        let tell = &mut |stage, done, all| told.push((stage, done, all));
        assert_eq!(bucket.sum("file", tell).unwrap(), sums);
        assert_eq!(told.len(), 8);
        assert_eq!(told[0], (Stage::Fetching, 512 << 10, 4 << 20));
    }
}
