export declare function get_jwt(connectionId: usize, out: usize): u32;
