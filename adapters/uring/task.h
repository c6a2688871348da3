#ifndef MONOCOQUE_ADAPTERS_URING_TASK_H_
#define MONOCOQUE_ADAPTERS_URING_TASK_H_

#include "adapters/task.h"

namespace monocoque::uring {

using monocoque::FirstOf;
using monocoque::Task;

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_TASK_H_
