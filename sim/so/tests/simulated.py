"""A program for CANN in Python, by ctypes: a copy there and back, and an operator. The folder of libraries is its argument."""

import ctypes
import sys
from ctypes import byref, c_float, c_int64, c_size_t, c_uint64, c_void_p

folder = sys.argv[1]
acl = ctypes.CDLL(f"{folder}/libascendcl.so")
nn = ctypes.CDLL(f"{folder}/libnnopbase.so")
ops = ctypes.CDLL(f"{folder}/libopapi_math.so")
acl.aclGetRecentErrMsg.restype = ctypes.c_char_p
nn.aclCreateTensor.restype = c_void_p
HOST_TO_DEVICE, DEVICE_TO_HOST, FLOAT, ND, COUNT = 1, 2, 0, 2, 5


def check(code, what):
    if code:
        sys.exit(f"{what} returned {code}: {acl.aclGetRecentErrMsg()}")


def tensor(data):
    dims = (c_int64 * 1)(COUNT)
    return c_void_p(nn.aclCreateTensor(dims, c_uint64(1), FLOAT, None, c_int64(0), ND, dims, c_uint64(1), data))


check(acl.aclInit(None), "aclInit")
check(acl.aclrtSetDevice(0), "aclrtSetDevice")
stream, data, size = c_void_p(), c_void_p(), c_size_t(4 * COUNT)
check(acl.aclrtCreateStream(byref(stream)), "aclrtCreateStream")
check(acl.aclrtMalloc(byref(data), size, 0), "aclrtMalloc")
host = (c_float * COUNT)(0, 1, 2, 3, 4)
check(acl.aclrtMemcpy(data, size, host, size, HOST_TO_DEVICE), "aclrtMemcpy")
x, y, workspace_size, executor = tensor(data), tensor(data), c_uint64(), c_void_p()
check(ops.aclnnNegGetWorkspaceSize(x, y, byref(workspace_size), byref(executor)), "aclnnNegGetWorkspaceSize")
workspace = c_void_p()
if workspace_size.value:
    check(acl.aclrtMalloc(byref(workspace), c_size_t(workspace_size.value), 0), "aclrtMalloc")
check(ops.aclnnNeg(workspace, workspace_size, executor, stream), "aclnnNeg")
check(acl.aclrtSynchronizeStream(stream), "aclrtSynchronizeStream")
check(acl.aclrtMemcpy(host, size, data, size, DEVICE_TO_HOST), "aclrtMemcpy")
assert list(host) == [0, -1, -2, -3, -4], list(host)
check(acl.aclrtFree(data), "aclrtFree")
check(acl.aclFinalize(), "aclFinalize")
print("negated:", list(host))
