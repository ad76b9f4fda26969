// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// In place of libdrm, for Mesa's driver of Adreno GPUs (Turnip): a GPU that is
// not there, with memory in a file, on which nothing runs. It is enough to
// compile with.
//
// Structures and numbers are those of libdrm and of Linux's driver `msm`, as
// far as Turnip looks at them. What it only runs with is not here.

typedef unsigned int u32;
typedef unsigned long u64;

extern char *getenv(const char *name);
extern u64 strtoul(const char *text, char **end, int base);

// Set by who starts the driver: the file, and the chip as 0xMMmmpprr.
static const char kMemory[] = "ADRENO_MEMORY", kChip[] = "ADRENO_CHIP";

struct Device {
  char **nodes;
  int available;
  int bus;
  void *businfo, *deviceinfo;
};

struct Version {
  int major, minor, patch;
  int nameLength;
  char *name;
  int dateLength;
  char *date;
  int descriptionLength;
  char *description;
};

int drmGetDevices2(u32 flags, struct Device **devices, int count) {
  static char *nodes[3]; // primary, control, render
  static struct Device device = {nodes, 1 << 0 | 1 << 2, /*platform=*/2, 0, 0};
  nodes[0] = nodes[1] = nodes[2] = getenv(kMemory);
  if (devices && count > 0)
    devices[0] = &device;
  return 1;
}

void drmFreeDevices(struct Device **devices, int count) {}

struct Version *drmGetVersion(int file) {
  static struct Version version = {1, 9, 0, 3, "msm", 0, "", 0, ""};
  return &version;
}

void drmFreeVersion(struct Version *version) {}

int drmGetCap(int file, u64 capability, u64 *value) {
  *value = 1;
  return 0;
}

static u64 parameter(u32 number) {
  const u64 chip = strtoul(getenv(kChip), 0, 16);
  switch (number) {
  case 1: // the GPU's number
    return (chip >> 24 & 255) * 100 + (chip >> 16 & 255) * 10 +
           (chip >> 8 & 255);
  case 2: // bytes of its own memory
    return 1 << 20;
  case 3:
    return chip;
  case 6: // where its own memory begins
    return 1 << 20;
  case 7: // priorities of queues
    return 3;
  case 14: // where addresses begin
    return 1ul << 32;
  case 15: // bytes that they span
    return 1ul << 36;
  default:
    return 0;
  }
}

int drmCommandWriteRead(int file, u64 command, void *data, u64 size) {
  // Each allocation is a part of the file; its offset is also its address.
  static u64 offsets[1 << 12], end = 1 << 16;
  static u32 handles;
  u32 *words = data;
  u64 *value = (u64 *)data + 1;
  switch (command) {
  case 0: // a parameter, its number behind that of a pipe
    *value = parameter(words[1]);
    return 0;
  case 2: // an allocation: bytes, flags, handle
    if (handles + 1 == sizeof(offsets) / sizeof(*offsets))
      return -1;
    words[3] = ++handles;
    offsets[handles] = end;
    end += (*(u64 *)data + 0xffff) & ~0xfffful;
    return 0;
  case 3: // where an allocation lies
    *value = offsets[words[0]];
    return 0;
  case 10: // a queue
    words[2] = 1;
    return 0;
  default:
    return 0;
  }
}

int drmCommandWrite(int file, u64 command, void *data, u64 size) { return 0; }

int drmIoctl(int file, u64 request, void *data) { return 0; }

int drmSyncobjCreate(int file, u32 flags, u32 *handle) {
  *handle = 1;
  return 0;
}

int drmSyncobjDestroy(int file, u32 handle) { return 0; }

int drmSyncobjWait(int file, u32 *handles, u32 count, long timeout, u32 flags,
                   u32 *first) {
  return 0;
}
