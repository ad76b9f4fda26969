# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The part of Caffe's protobuf schema that networks and solvers are written in.

It is kept as a table and made into protobuf messages when it is first used, so that no generated
code has to match the protobuf library. The text form names fields and never numbers them; so
fields are numbered as they come. Extensions of the published tool: `module` of a layer; and of a
solver what Caffe has in its data layers, and the settings of pre-training. Of forks: `ceil_mode`.
"""

import functools
from typing import Any

from patternc.dependencies import require

# "*" is for fields that are repeated; a word with a capital names a message or an enumeration.
_MESSAGES: dict[str, str] = {
    "BlobShape": "dim:int64*",
    "FillerParameter": "type:string value:float min:float max:float mean:float std:float "
    "sparse:int32 variance_norm:VarianceNorm",
    "ParamSpec": "name:string lr_mult:float decay_mult:float",
    "NetState": "phase:Phase level:int32 stage:string*",
    "NetStateRule": "phase:Phase min_level:int32 max_level:int32 stage:string* not_stage:string*",
    "NetParameter": "name:string input:string* input_shape:BlobShape* input_dim:int32* "
    "force_backward:bool state:NetState debug_info:bool layer:LayerParameter*",
    "LayerParameter": "name:string type:string bottom:string* top:string* phase:Phase "
    "loss_weight:float* param:ParamSpec* propagate_down:bool* include:NetStateRule* "
    "exclude:NetStateRule* module:string "
    "accuracy_param:AccuracyParameter batch_norm_param:BatchNormParameter "
    "bias_param:BiasParameter clip_param:ClipParameter concat_param:ConcatParameter "
    "convolution_param:ConvolutionParameter crop_param:CropParameter data_param:DataParameter "
    "dropout_param:DropoutParameter dummy_data_param:DummyDataParameter "
    "eltwise_param:EltwiseParameter elu_param:ELUParameter exp_param:ExpParameter "
    "flatten_param:FlattenParameter hdf5_data_param:DataParameter "
    "hinge_loss_param:HingeLossParameter image_data_param:DataParameter "
    "infogain_loss_param:LossParameter inner_product_param:InnerProductParameter "
    "input_param:InputParameter log_param:ExpParameter loss_param:LossParameter "
    "lrn_param:LRNParameter memory_data_param:MemoryDataParameter "
    "pooling_param:PoolingParameter power_param:PowerParameter prelu_param:PReLUParameter "
    "relu_param:ReLUParameter reshape_param:ReshapeParameter scale_param:ScaleParameter "
    "sigmoid_param:SigmoidParameter slice_param:SliceParameter softmax_param:SoftmaxParameter "
    "swish_param:SwishParameter tanh_param:SigmoidParameter "
    "transform_param:TransformationParameter "
    "window_data_param:WindowDataParameter python_param:PythonParameter "
    "contrastive_loss_param:ContrastiveLossParameter",
    "AccuracyParameter": "top_k:uint32 axis:int32 ignore_label:int32",
    "BatchNormParameter": "use_global_stats:bool moving_average_fraction:float eps:float",
    "BiasParameter": "axis:int32 num_axes:int32 filler:FillerParameter",
    "ClipParameter": "min:float max:float",
    "ConcatParameter": "axis:int32 concat_dim:uint32",
    "ContrastiveLossParameter": "margin:float legacy_version:bool",
    "ConvolutionParameter": "num_output:uint32 bias_term:bool pad:uint32* kernel_size:uint32* "
    "stride:uint32* dilation:uint32* pad_h:uint32 pad_w:uint32 kernel_h:uint32 kernel_w:uint32 "
    "stride_h:uint32 stride_w:uint32 group:uint32 weight_filler:FillerParameter "
    "bias_filler:FillerParameter engine:Engine axis:int32 force_nd_im2col:bool",
    "CropParameter": "axis:int32 offset:uint32*",
    "DataParameter": "source:string batch_size:uint32 rand_skip:uint32 backend:Backend "
    "scale:float mean_file:string crop_size:uint32 mirror:bool force_encoded_color:bool "
    "prefetch:uint32 shuffle:bool new_height:uint32 new_width:uint32 is_color:bool "
    "root_folder:string",
    "DropoutParameter": "dropout_ratio:float",
    "DummyDataParameter": "data_filler:FillerParameter* shape:BlobShape* num:uint32* "
    "channels:uint32* height:uint32* width:uint32*",
    "ELUParameter": "alpha:float",
    "EltwiseParameter": "operation:EltwiseOp coeff:float* stable_prod_grad:bool",
    "ExpParameter": "base:float scale:float shift:float",
    "FlattenParameter": "axis:int32 end_axis:int32",
    "HingeLossParameter": "norm:HingeNorm",
    "InnerProductParameter": "num_output:uint32 bias_term:bool weight_filler:FillerParameter "
    "bias_filler:FillerParameter axis:int32 transpose:bool",
    "InputParameter": "shape:BlobShape*",
    "LossParameter": "ignore_label:int32 normalization:Normalization normalize:bool",
    "LRNParameter": "local_size:uint32 alpha:float beta:float norm_region:NormRegion k:float "
    "engine:Engine",
    "MemoryDataParameter": "batch_size:uint32 channels:uint32 height:uint32 width:uint32",
    "PReLUParameter": "filler:FillerParameter channel_shared:bool",
    "PoolingParameter": "pool:PoolMethod pad:uint32 pad_h:uint32 pad_w:uint32 kernel_size:uint32 "
    "kernel_h:uint32 kernel_w:uint32 stride:uint32 stride_h:uint32 stride_w:uint32 "
    "engine:Engine global_pooling:bool round_mode:RoundMode ceil_mode:bool",
    "PowerParameter": "power:float scale:float shift:float",
    "PythonParameter": "module:string layer:string param_str:string share_in_parallel:bool",
    "ReLUParameter": "negative_slope:float engine:Engine",
    "ReshapeParameter": "shape:BlobShape axis:int32 num_axes:int32",
    "ScaleParameter": "axis:int32 num_axes:int32 filler:FillerParameter bias_term:bool "
    "bias_filler:FillerParameter",
    "SigmoidParameter": "engine:Engine",
    "SliceParameter": "axis:int32 slice_dim:uint32 slice_point:uint32*",
    "SoftmaxParameter": "engine:Engine axis:int32",
    "SwishParameter": "beta:float",
    "TransformationParameter": "scale:float mirror:bool crop_size:uint32 mean_file:string "
    "mean_value:float* force_color:bool force_gray:bool",
    "WindowDataParameter": "source:string scale:float mean_file:string batch_size:uint32 "
    "crop_size:uint32 mirror:bool fg_threshold:float bg_threshold:float fg_fraction:float "
    "context_pad:uint32 crop_mode:string cache_images:bool root_folder:string",
    "SolverParameter": "net_param:NetParameter train_net_param:NetParameter net:string "
    "train_net:string test_net:string* train_state:NetState "
    "test_state:NetState* test_iter:int32* test_interval:int32 test_compute_loss:bool "
    "test_initialization:bool base_lr:float display:int32 average_loss:int32 max_iter:int32 "
    "iter_size:int32 lr_policy:string gamma:float power:float momentum:float weight_decay:float "
    "regularization_type:string stepsize:int32 stepvalue:int32* clip_gradients:float "
    "snapshot:int32 snapshot_prefix:string snapshot_diff:bool snapshot_format:SnapshotFormat "
    "solver_mode:SolverMode device_id:int32 random_seed:int64 type:string delta:float "
    "momentum2:float rms_decay:float debug_info:bool snapshot_after_train:bool "
    "solver_type:SolverType layer_wise_reduce:bool weights:string* "
    "dataset:string* batch_size:int32 pretrain_base_lr:float pretrain_max_iter:int32",
}
_ENUMERATIONS: dict[str, str] = {
    "Backend": "LEVELDB LMDB",
    "EltwiseOp": "PROD SUM MAX",
    "Engine": "DEFAULT CAFFE CUDNN",
    "Normalization": "FULL VALID BATCH_SIZE NONE",
    "HingeNorm": "NO L1 L2",
    "NormRegion": "ACROSS_CHANNELS WITHIN_CHANNEL",
    "Phase": "TRAIN TEST",
    "PoolMethod": "MAX AVE STOCHASTIC",
    "RoundMode": "CEIL FLOOR",
    "SnapshotFormat": "HDF5 BINARYPROTO",
    "SolverMode": "CPU GPU",
    "SolverType": "SGD NESTEROV ADAGRAD RMSPROP ADADELTA ADAM",
    "VarianceNorm": "FAN_IN FAN_OUT AVERAGE",
}


@functools.cache
def message_class(name: str) -> Any:
    """The protobuf class of a message of the schema.

    Raises:
      MissingDependencyError: without protobuf.
    """
    needed_for = "reading Caffe's prototxt"
    descriptors = require("google.protobuf.descriptor_pb2", needed_for=needed_for)
    pools = require("google.protobuf.descriptor_pool", needed_for=needed_for)
    factory = require("google.protobuf.message_factory", needed_for=needed_for)
    pool = pools.DescriptorPool()
    pool.Add(_file_descriptor(descriptors))
    return factory.GetMessageClass(pool.FindMessageTypeByName(f"caffe.{name}"))


def _file_descriptor(descriptors: Any) -> Any:
    # Values of an enumeration are names of the scope around it, so each has a scope of its own.
    kinds = descriptors.FieldDescriptorProto
    file = descriptors.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    for name, values in _ENUMERATIONS.items():
        enumeration = file.message_type.add(name=f"{name}Scope").enum_type.add(name=name)
        for number, value in enumerate(values.split()):
            enumeration.value.add(name=value, number=number)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(fields.split(), 1):
            field_name, _, kind = field.partition(":")
            repeated = kind.endswith("*")
            kind = kind.removesuffix("*")
            added = message.field.add(name=field_name, number=number)
            added.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            if kind in _MESSAGES:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".caffe.{kind}"
            elif kind in _ENUMERATIONS:
                added.type, added.type_name = kinds.TYPE_ENUM, f".caffe.{kind}Scope.{kind}"
            else:
                added.type = getattr(kinds, f"TYPE_{kind.upper()}")
    return file
