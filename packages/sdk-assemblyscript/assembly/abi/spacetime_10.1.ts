export declare function bytes_source_remaining_length(source: u32, out: usize): i32;
