//! Which cores the process may use, and tying a shard's thread to one of them.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores this process may run on, in ascending order: what `taskset`, a container or a
/// service manager left of the machine.
///
/// # Errors
/// When the system does not say.
pub fn allowed_cores() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

/// Ties the calling thread to one core, so that its caches and its timer stay there.
///
/// # Errors
/// When the core is not one of [`allowed_cores`].
pub fn pin_to(core: usize) -> io::Result<()> {
    if core >= CpuSet::MAX_CPU {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_may_run_on_its_core_only_and_others_stay_free() {
        let before = allowed_cores().unwrap();
        let last = *before.last().unwrap();
        let pinned = std::thread::spawn(move || {
            pin_to(last).unwrap();
            allowed_cores().unwrap()
        });
        assert_eq!(pinned.join().unwrap(), [last]);
        assert_eq!(allowed_cores().unwrap(), before);
    }

    #[test]
    fn a_core_that_does_not_exist_is_an_error() {
        for core in [CpuSet::MAX_CPU - 1, CpuSet::MAX_CPU, usize::MAX] {
            assert!(pin_to(core).is_err());
        }
    }
}
