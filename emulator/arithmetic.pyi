from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Integers = int | NDArray[np.integer]

def as_words(values: Integers) -> NDArray[np.int32]: ...

k_add: Callable[[Integers, Integers], NDArray[np.int32]]
k_sub: Callable[[Integers, Integers], NDArray[np.int32]]
k_add_sat: Callable[[Integers, Integers], NDArray[np.int32]]
k_mul: Callable[[Integers, Integers], NDArray[np.int32]]
k_mul_sat: Callable[[Integers, Integers], NDArray[np.int32]]
k_mul_int: Callable[[Integers, Integers], NDArray[np.int32]]
k_mul_lr: Callable[[Integers, Integers], NDArray[np.int32]]
k_decay: Callable[[Integers, Integers], NDArray[np.int32]]
lr_mul: Callable[[Integers, Integers], NDArray[np.int32]]
k_mul_ulr: Callable[[Integers, Integers], NDArray[np.int32]]
uk_mul: Callable[[Integers, Integers], NDArray[np.int32]]
ulr_mul: Callable[[Integers, Integers], NDArray[np.int32]]
k_mul_ulr_to_ulr: Callable[[Integers, Integers], NDArray[np.int32]]
k_div: Callable[[Integers, Integers], NDArray[np.int32]]
k_div_sat: Callable[[Integers, Integers], NDArray[np.int32]]
uk_div: Callable[[Integers, Integers], NDArray[np.int32]]
kdivk: Callable[[Integers, Integers], NDArray[np.int32]]
kdivui: Callable[[Integers, Integers], NDArray[np.int32]]
shift_left: Callable[[Integers, Integers], NDArray[np.int32]]
shift_right: Callable[[Integers, Integers], NDArray[np.int32]]

k_neg: Callable[[Integers], NDArray[np.int32]]
k_to_int: Callable[[Integers], NDArray[np.int32]]
int_to_k: Callable[[Integers], NDArray[np.int32]]
k_to_ulr: Callable[[Integers], NDArray[np.int32]]
ulr_to_k: Callable[[Integers], NDArray[np.int32]]
k_to_lr: Callable[[Integers], NDArray[np.int32]]
lr_to_k: Callable[[Integers], NDArray[np.int32]]
k_to_uk: Callable[[Integers], NDArray[np.int32]]
uk_to_k: Callable[[Integers], NDArray[np.int32]]
expk: Callable[[Integers], NDArray[np.int32]]
expuk: Callable[[Integers], NDArray[np.int32]]
expulr: Callable[[Integers], NDArray[np.int32]]
sqrtk: Callable[[Integers], NDArray[np.int32]]
