//! Data files: CSV of any bytes becomes a table whose cells can all be read.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(table) = ld_runtime::Table::from_csv(data) else { return };
    let columns = table.columns().count() as u32;
    let mut bytes = 0;
    for row in 0..=table.len() {
        for column in 0..=columns {
            bytes += table.cell(row, column).bytes().map_or(0, <[u8]>::len);
        }
    }
    assert!(bytes <= data.len(), "cells are made of the file's bytes");
});
