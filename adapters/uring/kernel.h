#ifndef MONOCOQUE_ADAPTERS_URING_KERNEL_H_
#define MONOCOQUE_ADAPTERS_URING_KERNEL_H_

#include <liburing.h>

#include <cstddef>

// What newer kernels have and liburing 2.3's header lacks; values from the kernel's
// include/uapi/linux/io_uring.h.
namespace monocoque::uring::kernel {

// A request has 32 bits for its length: of 4 GiB nothing would be left.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{1} << 30;

// Since 6.10: one completion may cover several provided buffers, in ring order.
inline constexpr unsigned kRecvSendBundle = 1u << 4;
// Since 6.12: a provided buffer is used up piece by piece; while more of it may come, the
// completion says so.
inline constexpr unsigned kBufferRingIncremental = 2;
inline constexpr unsigned kCompletionBufferMore = 1u << 4;

// Since 6.2: the notification of a zero-copy send says in its result whether the octets were copied
// all the same.
inline constexpr unsigned kSendZeroCopyReportUsage = 1u << 3;
inline constexpr unsigned kNotificationCopied = 1u << 31;

}  // namespace monocoque::uring::kernel

#endif  // MONOCOQUE_ADAPTERS_URING_KERNEL_H_
