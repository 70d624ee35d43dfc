# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""The tracker, and the example that turns the robot to the target.

::

    ros2 launch siam_tracker_ros follow.launch.py \
        image:=/camera/image_raw camera_info:=/camera/camera_info cmd_vel:=/cmd_vel
"""

from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parent / 'config'
TRACKER = 'siam_tracker'
BOOLEAN = ['true', 'false']


def generate_launch_description():
    """Describe the tracker and the follower."""
    value = LaunchConfiguration
    arguments = [
        DeclareLaunchArgument(
            'image', default_value='image', description='topic with the images of the camera'
        ),
        DeclareLaunchArgument(
            'camera_info', default_value='camera_info',
            description='topic with the calibration of the camera; nothing moves without it',
        ),
        DeclareLaunchArgument(
            'cmd_vel', default_value='cmd_vel', description='topic for the rate of turn'
        ),
        DeclareLaunchArgument(
            'stamped', default_value='false', choices=BOOLEAN,
            description='publish TwistStamped instead of Twist',
        ),
        DeclareLaunchArgument(
            'gain', default_value='1.5', description='rate of turn for each radian, 1/s'
        ),
        DeclareLaunchArgument(
            'max_rate', default_value='0.8', description='fastest rate of turn, rad/s'
        ),
        DeclareLaunchArgument(
            'max_acceleration', default_value='1.5',
            description='fastest change of the rate of turn, except to stop, rad/s^2',
        ),
        DeclareLaunchArgument(
            'timeout', default_value='0.25',
            description='the command is zero once the image of the last bearing is older, s',
        ),
        DeclareLaunchArgument(
            'camera_pitch', default_value='0.0',
            description='how far the camera looks down from the horizontal, rad',
        ),
        DeclareLaunchArgument(
            'rate', default_value='50.0', description='commands per second, Hz'
        ),
        DeclareLaunchArgument(
            'frame_id', default_value='base_link',
            description='frame_id of TwistStamped: the frame that turns',
        ),
        DeclareLaunchArgument(
            'params_file', default_value=str(CONFIG / 'tracker.yaml'),
            description="YAML file with the tracker's parameters",
        ),
        DeclareLaunchArgument('namespace', default_value='', description='of both nodes'),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false', choices=BOOLEAN,
            description='take the time from /clock',
        ),
    ]
    shared = ('image', 'camera_info', 'params_file', 'namespace', 'use_sim_time')
    tracker = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(HERE / 'tracker.launch.py')),
        launch_arguments=[(name, value(name)) for name in shared],
    )
    follower = Node(
        package='siam_tracker_ros',
        executable='follow_yaw.py',
        name='follow_yaw',
        namespace=value('namespace'),
        parameters=[
            {
                'gain': ParameterValue(value('gain'), value_type=float),
                'max_rate': ParameterValue(value('max_rate'), value_type=float),
                'max_acceleration': ParameterValue(value('max_acceleration'), value_type=float),
                'timeout': ParameterValue(value('timeout'), value_type=float),
                'camera_pitch': ParameterValue(value('camera_pitch'), value_type=float),
                'rate': ParameterValue(value('rate'), value_type=float),
                'stamped': ParameterValue(value('stamped'), value_type=bool),
                'frame_id': ParameterValue(value('frame_id'), value_type=str),
                'use_sim_time': ParameterValue(value('use_sim_time'), value_type=bool),
            }
        ],
        remappings=[
            ('bearing', f'{TRACKER}/bearing'),
            ('status', f'{TRACKER}/status'),
            ('cmd_vel', value('cmd_vel')),
        ],
        output='screen',
    )
    return LaunchDescription([*arguments, tracker, follower])
